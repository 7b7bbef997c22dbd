-- Notes that a worker cannot have a model version, and tells it where that is news.
-- Writes: kerbside:refused; publishes kerbside:models:<db>
-- Arguments: 6 version, 7 reason, 8 channel of model events
local KEPT = 100
local refused, version, reason = 'kerbside:refused', ARGV[6], ARGV[7]
local held = redis.call('HGET', refused, version)
local record = held and cjson.decode(held) or { count = 0, since = now }
-- Each worker tries again and again: the count grows, the event comes once for each reason.
local is_news = record.reason ~= reason
record.count, record.reason, record.last = record.count + 1, reason, now
redis.call('HSET', refused, version, cjson.encode(record))
if redis.call('HLEN', refused) > KEPT then
  local all, oldest, oldest_at = redis.call('HGETALL', refused), nil, math.huge
  for i = 1, #all, 2 do
    local last = cjson.decode(all[i + 1]).last
    if last < oldest_at then
      oldest, oldest_at = all[i], last
    end
  end
  redis.call('HDEL', refused, oldest)
end
if is_news then
  redis.call('PUBLISH', ARGV[8], cjson.encode({ type = 'model.refused', version = version, reason = reason, time = now }))
end
