-- kOS packets in Wireshark and tshark: JSON over UDP and TCP (47470), WebSocket (kos.v1), USER0 and
-- LoRaTap (sync word 0x12). Put it into the personal Lua plugins folder (tshark -G folders), or load
-- it with -X lua_script:kos.lua. The fields have the names that kos-capture's records have.

local kos = Proto("kos", "kOS packet")

local fields = {
    id = ProtoField.string("kos.id", "Id"),
    source = ProtoField.string("kos.source", "Source"),
    destination = ProtoField.string("kos.destination", "Destination"),
    type = ProtoField.string("kos.type", "Type"),
    kind = ProtoField.string("kos.kind", "Kind"),
    hops = ProtoField.uint32("kos.hops", "Hops"),
    ttl = ProtoField.uint32("kos.ttl", "Time to live"),
    route = ProtoField.string("kos.route", "Route"),
}
kos.fields = fields

local json = Dissector.get("json")

-- The first string or number called `name` in `text`; metadata has no member twice.
local function text_of(text, name)
    return text:match('"' .. name .. '"%s*:%s*"([^"]*)"')
end
local function number_of(text, name)
    return tonumber(text:match('"' .. name .. '"%s*:%s*(%d+)'))
end

local function is_packet(range)
    return range:len() > 6 and range(0, 5):string() == '{"id"'
end

local function dissect_one(range, pinfo, tree)
    local text = range:string()
    local branch = tree:add(kos, range)
    for _, name in ipairs({ "id", "source", "destination" }) do
        local value = text_of(text, name)
        if value then branch:add(fields[name], range, value) end
    end
    local metadata = text:match('"metadata"%s*:%s*(%b{})') or ""
    local kind = text_of(metadata, "type")
    if kind then branch:add(fields.type, range, kind) end
    local control = text_of(text:match('"payload"%s*:%s*(%b{})') or "", "kind")
    if control then branch:add(fields.kind, range, control) end
    for _, name in ipairs({ "hops", "ttl" }) do
        local value = number_of(metadata, name)
        if value then branch:add(fields[name], range, value) end
    end
    local route = text:match('"route"%s*:%s*%[([^%]]*)%]')
    if route then branch:add(fields.route, range, (route:gsub('"', ""))) end
    pinfo.cols.protocol = "kOS"
    pinfo.cols.info = string.format(
        "%s > %s %s", text_of(text, "source") or "?", text_of(text, "destination") or "?",
        control or kind or "")
    json:call(range:tvb(), pinfo, branch)
end

-- Two nodes that know each other put fragments of packets into datagrams (E0 21, then the transfer,
-- the index and the count less one; a checksum of four octets at the end of the whole), and tell
-- which ones have arrived (E0 23).
local function is_frame(range)
    if range:len() < 9 or range(0, 1):uint() ~= 0xE0 then return false end
    local kind = range(1, 1):uint()
    if kind == 0x23 then return range(6, 2):uint() < 1024 end
    return kind == 0x21 and range:len() > 10 and range(6, 2):uint() <= range(8, 2):uint()
        and range(8, 2):uint() < 1024
end

local function dissect_frame(buffer, pinfo, tree)
    pinfo.cols.protocol = "kOS"
    local branch = tree:add(kos, buffer())
    if buffer(1, 1):uint() == 0x23 then
        pinfo.cols.info = "Acknowledgement"
        branch:append_text(", acknowledgement")
    else
        local text = string.format(
            "Fragment %d of %d, transfer %u", buffer(6, 2):uint() + 1, buffer(8, 2):uint() + 1,
            buffer(2, 4):uint())
        pinfo.cols.info = text
        branch:append_text(", " .. text)
        if buffer(8, 2):uint() == 0 and buffer:len() > 14 then
            kos.dissector(buffer(10, buffer:len() - 14):tvb(), pinfo, tree)
        end
    end
    return buffer:len()
end

-- Datagrams, WebSocket messages and radio frames are one packet each, or a frame of fragments; on
-- TCP each line is one.
function kos.dissector(buffer, pinfo, tree)
    if pinfo.port_type == 3 and is_frame(buffer()) then
        return dissect_frame(buffer, pinfo, tree)
    end
    local offset, length = 0, buffer:len()
    local done = false
    while offset < length do
        local last = length - 1
        local has_end = false
        for index = offset, length - 1 do
            if buffer(index, 1):uint() == 10 then
                last, has_end = index, true
                break
            end
        end
        if not has_end and pinfo.port_type == 2 and pinfo.can_desegment > 0 then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
            return length
        end
        local size = (has_end and last or last + 1) - offset
        if size > 0 then
            local range = buffer(offset, size)
            if not is_packet(range) then return done and length or 0 end
            dissect_one(range, pinfo, tree)
            done = true
        end
        offset = last + 1
    end
    return length
end

kos:register_heuristic("udp", function(buffer, pinfo, tree)
    if not is_packet(buffer()) and not is_frame(buffer()) then return false end
    kos.dissector(buffer, pinfo, tree)
    return true
end)

DissectorTable.get("udp.port"):add(47470, kos)
DissectorTable.get("tcp.port"):add(47470, kos)
DissectorTable.get("wtap_encap"):add(wtap.USER0, kos)
pcall(function() DissectorTable.get("ws.protocol"):add("kos.v1", kos) end)
pcall(function() DissectorTable.get("loratap.syncword"):add(0x12, kos) end)
