// Which hosts are this machine, so that what is sent there passes no network.

/** Names and addresses of the loopback interface, IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(\.\d{1,3}){3}\]?)$/i.test(host);
}
