"""What all routes of booking are added to."""

from kernel.http import service_blueprint

blp = service_blueprint("booking")
