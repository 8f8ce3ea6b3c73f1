"""The portal's pages, by what people come to do. Each view asks the services, and renders one template."""

from services.portal.pages import bookings, desk, front, manage, moving, search, series, volunteer

blueprints = (
    front.blueprint,
    search.blueprint,
    bookings.blueprint,
    moving.blueprint,
    series.blueprint,
    volunteer.blueprint,
    desk.blueprint,
    manage.blueprint,
)
