-- Tells for which destinations deliveries may be parked: those that are paused, those whose slots are taken by what is in
-- the lane or in hand, and those that stand in line behind these.
-- Reads:  kerbside:cooling:<lane> kerbside:waiting:<lane> kerbside:running:<lane> kerbside:unproved:<tenant>
-- Arguments: 6 lane
-- Returns: the destinations, each once
local lane, found, tenants = ARGV[6], {}, {}
local seen = { [found] = {}, [tenants] = {} }

local function add(names, name)
  if name and not seen[names][name] then
    seen[names][name] = true
    names[#names + 1] = name
  end
end

for _, destination in ipairs(redis.call('ZRANGE', 'kerbside:cooling:' .. lane, 0, -1)) do
  add(found, destination)
end
for _, kind in ipairs({ 'waiting', 'running' }) do
  for _, id in ipairs(redis.call('ZRANGE', 'kerbside:' .. kind .. ':' .. lane, 0, -1)) do
    local record = redis.call('HMGET', job_key(id), 'destination', 'tenant')
    add(found, record[1])
    add(tenants, record[2])
  end
end
for _, tenant in ipairs(tenants) do
  for _, destination in ipairs(redis.call('ZRANGE', 'kerbside:unproved:' .. tenant, 0, -1)) do
    add(found, destination)
  end
end
return found
