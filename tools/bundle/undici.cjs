/**
 * The parts of undici that gpreg speaks HTTP with. The index of undici also loads fetch, web sockets, caches and mocks, which take
 * longer to load than these.
 */
module.exports = {
  Agent: require('undici/lib/dispatcher/agent'),
  Pool: require('undici/lib/dispatcher/pool'),
  buildConnector: require('undici/lib/core/connect'),
  /** Opens tunnels with a method that the index of undici gives to every dispatcher. */
  get ProxyAgent() {
    Object.assign(require('undici/lib/dispatcher/dispatcher').prototype, require('undici/lib/api'))
    return require('undici/lib/dispatcher/proxy-agent')
  },
}
