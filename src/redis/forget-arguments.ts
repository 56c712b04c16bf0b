/**
 * ioredis hangs the failed command with all its arguments on the error, and loggers print what hangs on errors: phone
 * numbers, texts, and of a failed log-in the password, which some servers repeat in the message as well.
 */
export function forgetArguments(error: Error, ...secrets: readonly string[]): void {
  if ('command' in error) delete error.command;
  for (const secret of secrets) {
    if (!error.message.includes(secret)) continue;
    error.stack = error.stack?.replaceAll(secret, '***') ?? '';
    error.message = error.message.replaceAll(secret, '***');
  }
}
