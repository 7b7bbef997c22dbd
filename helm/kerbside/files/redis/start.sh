# Writes who may log in, each by the digest of a password, and starts the server.
set -eu
umask 077
acl=/run/kerbside/users.acl
while read -r user rules; do
    password=$(cat "/etc/kerbside/passwords/$user")
    digest=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
    printf 'user %s on #%s %s\n' "$user" "$digest" "$rules"
done </etc/kerbside/redis/users.txt >"$acl"
echo 'user default off' >>"$acl"
exec redis-server /etc/kerbside/redis/redis.conf --maxmemory "$MAXMEMORY"
