#!/bin/sh
# Price one house of King County with curl: submit it, then poll until it has ended.
set -eu

# One key for each house that you want priced: a repeat after a lost answer is then the
# same prediction. Keep it if your program may be started again.
idempotency_key=$(cat /proc/sys/kernel/random/uuid)

answer=$(mktemp)
head=$(mktemp)
trap 'rm -f "$answer" "$head"' EXIT

# Put the answer into the file. What may pass is tried again: no answer (000), and an
# answer that says "not now", after the seconds that it asks for.
ask() {
    for pause in 1 2 4 8 16 last; do
        status=$(curl --silent --show-error --max-time 30 \
            --output "$answer" --dump-header "$head" --write-out '%{http_code}' \
            --header "Authorization: Bearer $KERBSIDE_API_KEY" "$@") || status=000
        case $status/$pause in
            2??/*) return ;;
            */last) break ;;
            000/* | 429/* | 50[234]/*) ;;
            *) break ;;
        esac
        asked=$(sed -n 's/^[Rr]etry-[Aa]fter: \([0-9]*\).*/\1/p' "$head")
        sleep "${asked:-$pause}"
    done
    # The problem document says what was wrong, and where.
    cat "$answer" >&2
    exit 1
}

ask "$KERBSIDE_URL/v1/predictions" \
    --header "Content-Type: application/json" \
    --header "Idempotency-Key: $idempotency_key" \
    --data '{"input": {
        "bedrooms": 3, "bathrooms": 2.25, "floors": 1.5,
        "sqft_living": 1910, "sqft_above": 1560, "sqft_basement": 350,
        "sqft_lot": 7618, "waterfront": 0, "view": 0, "condition": 3, "grade": 7,
        "yr_built": 1975, "yr_renovated": 0,
        "zipcode": "98117", "lat": 47.6833, "long": -122.4,
        "sqft_living15": 1840, "sqft_lot15": 7620}}'
id=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p' "$answer")

# The request is held until the prediction has ended, ten seconds at most.
until grep -qE '"status":"(succeeded|failed|canceled)"' "$answer"; do
    ask "$KERBSIDE_URL/v1/predictions/$id" --header "Prefer: wait=10"
done

grep -q '"status":"succeeded"' "$answer" || { cat "$answer" >&2; exit 1; }
echo "Price: $(sed -n 's/.*"output":{"price":\([0-9]*\).*/\1/p' "$answer")"
