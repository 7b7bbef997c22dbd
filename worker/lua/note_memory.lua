-- Notes how much memory Redis takes, and how much it may take.
-- Writes: kerbside:memory
-- Arguments: 6 bytes that it takes, 7 bytes that it may, 0 for any, 8 s for which that is known
-- A removal first (see prelude's finish): a full server above all is to be seen.
redis.call('DEL', 'kerbside:memory')
redis.call('SET', 'kerbside:memory', ARGV[6] .. ' ' .. ARGV[7], 'EX', ARGV[8])
