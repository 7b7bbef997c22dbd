-- Adds what was counted of priced houses to the buckets of this minute, hour and day.
-- Writes: kerbside:seen kerbside:seen:<version>:<bucket>
-- Arguments: 6 version, 7 s since the epoch or '' for now, 8 ... place and count by turns
-- Versions whose counts are found; of others the buckets end by themselves.
local KEPT = 20
-- Counts of one command, since Lua hands over 8,000 words at most.
local AT_ONCE = 1000
-- Seconds of a bucket -> the letter before its number, and the seconds that it is kept.
local BUCKETS = {
  [60] = { 'm', 2 * 3600 },
  [3600] = { 'h', 49 * 3600 },
  [86400] = { 'd', 32 * 86400 },
}
local version, seconds = ARGV[6], tonumber(ARGV[7]) or math.floor(now / 1000)
redis.call('ZADD', 'kerbside:seen', seconds, version)
redis.call('ZREMRANGEBYRANK', 'kerbside:seen', 0, -(KEPT + 1))
redis.call('EXPIRE', 'kerbside:seen', BUCKETS[86400][2])
for span, kind in pairs(BUCKETS) do
  local key = 'kerbside:seen:' .. version .. ':' .. kind[1] .. math.floor(seconds / span)
  for first = 8, #ARGV, 2 * AT_ONCE do
    local words = { 'OVERFLOW', 'SAT' }
    for at = first, math.min(#ARGV, first + 2 * AT_ONCE - 1), 2 do
      words[#words + 1] = 'INCRBY'
      words[#words + 1] = 'u32'
      words[#words + 1] = '#' .. ARGV[at]
      words[#words + 1] = ARGV[at + 1]
    end
    redis.call('BITFIELD', key, unpack(words))
  end
  redis.call('EXPIRE', key, kind[2])
end
