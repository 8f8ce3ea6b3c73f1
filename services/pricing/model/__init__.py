"""The rules of prices, pure: tariffs, quotes, charges, maintenance agreements and the rent they waive.

Money is whole øre. Times, ids and the public holidays come in as arguments.
"""
