-- Ends jobs that wait as canceled because an operator wants it so, some at a time; what was submitted since the purge began
-- is passed over. Deliveries that are ended so can be recovered.
-- Reads:  kerbside:waiting:<lane> kerbside:scheduled:<lane> kerbside:parked:<destination>
-- Writes: what prelude's withdraw and finish and webhooks' call_off write
-- Arguments: 6 lane, 7 highest number of a job that is meant, 8 jobs looked at per call, 9 how many of those here were passed
--            over before, 10 where they wait: 'waiting', 'scheduled', or the destination that they are parked for
-- Returns: {ended, passed over, 1 where there may be more}
local lane, newest, most, place = ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[10]
local KEYS_OF = { waiting = 'kerbside:waiting:' .. lane, scheduled = 'kerbside:scheduled:' .. lane }
local first = tonumber(ARGV[9])
local ids = redis.call('ZRANGE', KEYS_OF[place] or 'kerbside:parked:' .. place, first, first + most - 1)
local ends, ended = {}, 0

for _, id in ipairs(ids) do
  local record = redis.call('HMGET', job_key(id), 'state', 'number', 'sent', 'tenant', 'sequence')
  local is_meant = is_open(record[1]) and record[1] ~= 'running' and tonumber(record[2]) <= newest
  if is_meant then
    ended = ended + 1
    if lane == WEBHOOKS then
      call_off(id, 'canceled', 'by_operator')
    else
      withdraw(id, lane, record[3])
      ends[#ends + 1] = {
        id = id, tenant = record[4], sequence = record[5], state = 'canceled', detail = 'by_operator', more = {},
      }
    end
  end
end
finish(lane, ends)
-- The end of a delivery may have let another one in.
local more = #ids == most or lane == WEBHOOKS and ended > 0
return { ended, #ids - ended, more and 1 or 0 }
