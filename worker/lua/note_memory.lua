-- Notes how much memory Redis takes and may take, and whether it is to take no new jobs.
-- Writes: kerbside:memory kerbside:memory_full
-- Arguments: 6 bytes that it takes, 7 bytes that it may, 0 for any, 8 s for which that is known, 9 why it takes none or ''
-- A removal first (see prelude's finish): a full server above all is to be seen.
redis.call('DEL', 'kerbside:memory', 'kerbside:memory_full')
redis.call('SET', 'kerbside:memory', ARGV[6] .. ' ' .. ARGV[7], 'EX', ARGV[8])
if ARGV[9] ~= '' then
  redis.call('SET', 'kerbside:memory_full', ARGV[9], 'EX', ARGV[8])
end
