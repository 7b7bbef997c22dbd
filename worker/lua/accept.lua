-- Notes that a worker has loaded a model version; a refusal on record is over.
-- Writes: kerbside:refused kerbside:loaded
-- Arguments: 6 version
local KEPT = 100
redis.call('HDEL', 'kerbside:refused', ARGV[6])
redis.call('ZADD', 'kerbside:loaded', now, ARGV[6])
redis.call('ZREMRANGEBYRANK', 'kerbside:loaded', 0, -(KEPT + 1))
