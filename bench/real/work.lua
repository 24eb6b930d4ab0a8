-- Tables, strings and closures that come and go. arg[1] is the number of rounds.
local rounds = tonumber(arg[1]) or 12
local seed = 2026

local function dice(limit)
  seed = (seed * 1103515245 + 12345) % 2147483648
  return math.floor(seed / 65536) % limit
end

local function tree(depth)
  if depth == 0 then
    return { name = string.rep("n", dice(40)) }
  end
  return { left = tree(depth - 1), right = tree(depth - 1), depth = depth }
end

local function words()
  local parts = {}
  for i = 1, 20000 do
    parts[#parts + 1] = string.format("%d-%s", i * 7919 % 5003, string.rep("x", dice(30)))
  end
  table.sort(parts)
  return #table.concat(parts, ",")
end

local sum, kept = 0, {}
for i = 1, rounds do
  kept[dice(4)] = tree(13)
  sum = sum + words()
end
print(sum, #kept)
