-- Takes the feed of the archive away, with all that is still in it, which its caller has looked through.
-- Writes: kerbside:feed
-- Arguments: 6 the last entry that was looked at, or '0-0'
-- Returns: 1 there is none any more, 0 something has come since: look at that first
if #redis.call('XRANGE', FEED, '(' .. ARGV[6], '+', 'COUNT', 1) > 0 then
  return 0
end
redis.call('UNLINK', FEED)
return 1
