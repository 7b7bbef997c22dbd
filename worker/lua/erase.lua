-- Takes the house and the price out of deliveries whose job was deleted from the archive.
-- Writes: what webhooks' erase writes
-- Arguments: 6.. deliveries
for i = 6, #ARGV do
  erase(ARGV[i])
end
