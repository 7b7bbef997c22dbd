#!/bin/sh
# Starts a server as the image of others does, as far as docker-compose.yml needs it: the
# first start makes the data folder, and runs what it finds.
set -eu

if [ ! -e "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086 # options, separated by spaces
    initdb --auth=trust --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl --wait --options="-c listen_addresses=''" start
    for file in /docker-entrypoint-initdb.d/*.sql; do
        psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --file="$file"
    done
    pg_ctl --wait stop
fi
exec "$@"
