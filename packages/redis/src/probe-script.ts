/**
 * A script that tries commands on a key of nobody, KEYS[1], and returns those that this user may not run: a script that is
 * refused does not say which command it was.
 *
 * @param tries Lua: a call of `try(command, ...arguments)` for each, the arguments less the key
 */
export function probeScript(tries: string): string {
  return `
local key, forbidden = KEYS[1], {}
local function try(command, ...)
  local said = redis.pcall(command, key, ...)
  if type(said) == 'table' and said.err and string.find(said.err, "can't run this command", 1, true) then
    forbidden[#forbidden + 1] = command
  end
end
${tries}
return forbidden
`;
}
