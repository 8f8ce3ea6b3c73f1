"""The portal: pages for residents, volunteers and arena managers. Talks HTTP to the services, owns no data."""
