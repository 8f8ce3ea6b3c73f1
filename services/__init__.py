"""The four services and the portal. They tell each other what happened; none calls another."""
