-- Sends each code of a file once, as phones would ask for it. Arguments: file, first code, host.
-- The code file holds codes of eight characters without separators. Phones differ in model,
-- version and language: 200 kinds take turns.
local codes, at, kind
local afters = {}

local function phone(host, agent, language)
  return table.concat({
    " HTTP/1.1",
    "Host: " .. host,
    "sec-fetch-dest: document",
    "user-agent: " .. agent,
    "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "sec-fetch-site: none",
    "sec-fetch-mode: navigate",
    "accept-language: " .. language,
    "priority: u=0, i",
    "accept-encoding: gzip, deflate, br",
    "connection: keep-alive",
    "", "",
  }, "\r\n")
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  file:seek("set", tonumber(args[2]) * 8)
  codes = file:read("*a")
  file:close()
  at, kind = 1, 0
  for version = 1, 20 do
    for _, language in ipairs({"en-GB", "en-US", "de-DE", "fr-FR", "es-ES"}) do
      local preferred = language .. "," .. string.sub(language, 1, 2) .. ";q=0.9"
      table.insert(afters, phone(args[3], string.format(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_%d like Mac OS X) AppleWebKit/605.1.15 " ..
        "(KHTML, like Gecko) Version/18.%d Mobile/15E148 Safari/604.1", version, version), preferred))
      table.insert(afters, phone(args[3], string.format(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) " ..
        "Chrome/%d.0.0.0 Mobile Safari/537.36", 120 + version), preferred))
    end
  end
end

function request()
  local code = string.sub(codes, at, at + 7)
  assert(#code == 8, "the file holds too few codes")
  at = at + 8
  kind = kind % #afters + 1
  return "GET /" .. code .. afters[kind]
end
