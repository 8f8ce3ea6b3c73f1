#!/bin/sh
# Makes a role and a database for each service when the server starts for the first time; nobody but its role may enter a
# database. PostgreSQL's image runs it as the superuser, who comes in by the environment (PGPASSWORD, POSTGRES_USER).
set -eu

make() { # make SERVICE PASSWORD
    SERVICE=$1 PASSWORD=$2 psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
        --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv service SERVICE
\getenv password PASSWORD
CREATE ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service" TEMPLATE template0;
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
}

make booking "$TORG_BOOKING_DATABASE_PASSWORD"
make access "$TORG_ACCESS_DATABASE_PASSWORD"
make pricing "$TORG_PRICING_DATABASE_PASSWORD"
make programming "$TORG_PROGRAMMING_DATABASE_PASSWORD"
