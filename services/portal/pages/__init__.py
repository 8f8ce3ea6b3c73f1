"""The portal's pages, by what people come to do. Each view asks the services, and renders one template."""

from services.portal.pages import bookings, front, manage, search, volunteer

blueprints = (front.blueprint, search.blueprint, bookings.blueprint, volunteer.blueprint, manage.blueprint)
