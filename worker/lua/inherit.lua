-- Gives an archivist what others have had in hand for so long that they must be gone, and forgets those of them who have
-- nothing any more.
-- Writes: kerbside:feed
-- Arguments: 6 group, 7 who asks, 8 ms after which an entry is taken over, 9 ms after which one is forgotten, 10 entries,
--            at most, 11 where to begin: '0-0', or where the last call ended
-- Returns: where the next call begins, the entries, {id, fields and values} each
local group, heir = ARGV[6], ARGV[7]
local left = redis.call('XAUTOCLAIM', FEED, group, heir, ARGV[8], ARGV[11], 'COUNT', ARGV[10])
for _, told in ipairs(redis.call('XINFO', 'CONSUMERS', FEED, group)) do
  local one = {}
  for i = 1, #told, 2 do
    one[told[i]] = told[i + 1]
  end
  if one.pending == 0 and one.idle > tonumber(ARGV[9]) and one.name ~= heir then
    redis.call('XGROUP', 'DELCONSUMER', FEED, group, one.name)
  end
end
return { left[1], left[2] }
