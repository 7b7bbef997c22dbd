-- Posts an event that is about no job: to one endpoint whatever it takes, or, once, to all of a tenant that take its type.
-- Writes: kerbside:announced:<event>, and what webhooks' post writes
-- Arguments: 6 event id, 7 type, 8 tenant, 9 endpoint or '', 10 body
-- Returns: ids of the deliveries
local event = { id = ARGV[6], type = ARGV[7], tenant = ARGV[8], subject = '', content = { 'body', ARGV[10] } }
if ARGV[9] ~= '' then
  return { post(event, { endpoint = ARGV[9], destination = ARGV[9], url = '', is_on = true }) }
end
local posted = {}
-- Kept though nobody may take it: an endpoint that is registered later is not told of what was before it.
if not redis.call('SET', 'kerbside:announced:' .. event.id, now, 'NX', 'EX', FORGOTTEN) then
  return posted
end
for _, to in ipairs(audience(event.tenant, event.type)) do
  posted[#posted + 1] = post(event, to)
end
return posted
