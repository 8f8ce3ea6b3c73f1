"""The portal's pages, by what people come to do. Each view asks the services, and renders one template."""

from services.portal.pages import (
    bookings,
    claims,
    desk,
    doors,
    front,
    invitations,
    manage,
    me,
    moving,
    moving_series,
    organisations,
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
    moving_series.blueprint,
    repeating.blueprint,
    series.blueprint,
    waiting.blueprint,
    invitations.blueprint,
    organisations.blueprint,
    volunteer.blueprint,
    me.blueprint,
    desk.blueprint,
    manage.blueprint,
    claims.blueprint,
    doors.blueprint,
)
