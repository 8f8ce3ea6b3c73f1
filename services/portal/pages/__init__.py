"""The portal's pages, by what people come to do. Each view asks the services, and renders one template."""

from services.portal.pages import (
    bookings,
    desk,
    front,
    invitations,
    manage,
    moving,
    repeating,
    search,
    series,
    volunteer,
    waiting,
)

blueprints = (
    front.blueprint,
    search.blueprint,
    bookings.blueprint,
    moving.blueprint,
    repeating.blueprint,
    series.blueprint,
    waiting.blueprint,
    invitations.blueprint,
    volunteer.blueprint,
    desk.blueprint,
    manage.blueprint,
)
