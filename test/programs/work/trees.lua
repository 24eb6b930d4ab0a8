-- Binary trees, long strings, tables of tables and coroutines; prints what it counted.
local scale = tonumber(arg[1])

local function tree(depth)
    if depth == 0 then return {} end
    return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(t)
    return t[1] and 1 + nodes(t[1]) + nodes(t[2]) or 1
end

local depth = scale >= 1 and 15 or 12
local long_lived = tree(depth)
for d = 4, depth, 4 do
    local count = 0
    for _ = 1, 1 << (depth - d + 3) do count = count + nodes(tree(d)) end
    print(d, count)
end
print(nodes(long_lived))

local parts, sum = {}, 0
for i = 1, 200000 * scale // 1 do parts[#parts + 1] = string.rep(tostring(i), i % 9) end
local text = table.concat(parts, ",")
for number in text:gmatch("%d+") do sum = (sum * 31 + #number) % 1000003 end
print(#text, sum)

local words = {}
for word in text:sub(1, 400000):gmatch("[^,]+") do words[word] = (words[word] or 0) + 1 end
local keys = {}
for key in pairs(words) do keys[#keys + 1] = key end
table.sort(keys)
print(#keys, keys[1], keys[#keys])

local made = 0
for i = 1, 20000 * scale // 1 do
    local routine = coroutine.wrap(function() for j = 1, 3 do coroutine.yield(i * j) end end)
    made = made + routine() + routine()
end
print(made)
