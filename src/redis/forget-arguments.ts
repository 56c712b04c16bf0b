/**
 * ioredis hangs the failed command with all its arguments on the error, and loggers print what hangs on errors: phone
 * numbers, texts, and of a failed log-in the password, which some servers repeat in the message as well.
 */
export function forgetArguments(error: Error, password?: string | null): void {
  if ('command' in error) delete error.command;
  if (!password || !error.message.includes(password)) return;
  error.stack = error.stack?.replaceAll(password, '***') ?? '';
  error.message = error.message.replaceAll(password, '***');
}
