/**
 * Regions whose SMS is missing or doubtful: there SNS refuses every number as "not valid to publish to". AWS lists those that
 * send SMS: https://docs.aws.amazon.com/sns/latest/dg/sns-supported-regions-countries.html . `late`: it is on the list today,
 * and was not when people reported good numbers refused: https://github.com/aws/aws-sdk-js/issues/1217
 */
const REGIONS: ReadonlyMap<string, 'none' | 'late'> = new Map([
  ['cn-north-1', 'none'],
  ['cn-northwest-1', 'none'],
  ['ap-east-1', 'none'],
  // https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-email-phone-verification.html names Tokyo instead
  ['ap-northeast-2', 'none'],
  ['ap-northeast-3', 'late'],
  ['us-west-1', 'late'],
  ['us-gov-east-1', 'late'],
  ['us-gov-west-1', 'late'],
]);

/** Why no text may leave from a region, as the end of a sentence about it; `undefined` where nothing is known against it. */
export function doubtOfRegion(region: string): string | undefined {
  switch (REGIONS.get(region)) {
    case 'none':
      return 'is not among the regions from which AWS sends SMS: every number would be refused';
    case 'late':
      return 'got SMS later than other regions: where the account has none there, every number is refused as "not valid to publish to"';
    default:
      return undefined;
  }
}
