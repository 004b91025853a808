/**
 * Dead: the group never was. Committed: it has offsets, and never had a member. Empty: its members
 * have left.
 */
export const phases = [
  'Dead',
  'Committed',
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
] as const;

export type Phase = (typeof phases)[number];

/** The requests of members and of those that want to be, by their names. */
export type MemberApi = 'Heartbeat' | 'SyncGroup' | 'OffsetCommit' | 'LeaveGroup' | 'JoinGroup';

/** An error code for each of the phases; null where the request would bring the group into another. */
export type PhaseRow = readonly (number | null)[];

/** The answers of Apache Kafka 4.1.1: who asks, and the code in each phase. */
export const phaseCodes: Readonly<Record<MemberApi, Readonly<Record<string, PhaseRow>>>> = {
  Heartbeat: {
    'a static member': [25, 25, 25, 27, 0, 0],
    'a member': [25, 25, 25, 27, 0, 0],
    'a static member without its instance id': [25, 25, 25, 27, 0, 0],
    'a member in the former generation': [25, 25, 25, 22, 22, 22],
    'a member in the next generation': [25, 25, 25, 22, 22, 22],
    'another id': [25, 25, 25, 25, 25, 25],
    'another id with the instance id': [25, 25, 25, 82, 82, 82],
    'an instance id alone': [25, 25, 25, 82, 82, 82],
    'a member with another instance id': [25, 25, 25, 25, 25, 25],
    'a member without a generation': [25, 25, 25, 22, 22, 22],
    'no member': [25, 25, 25, 25, 25, 25],
  },
  SyncGroup: {
    'a static member': [25, 25, 25, 27, null, 0],
    'a member': [25, 25, 25, 27, null, 0],
    'a static member without its instance id': [25, 25, 25, 27, null, 0],
    'a member in the former generation': [25, 25, 25, 22, 22, 22],
    'a member in the next generation': [25, 25, 25, 22, 22, 22],
    'another id': [25, 25, 25, 25, 25, 25],
    'another id with the instance id': [25, 25, 25, 82, 82, 82],
    'an instance id alone': [25, 25, 25, 82, 82, 82],
    'a member with another instance id': [25, 25, 25, 25, 25, 25],
    'a member without a generation': [25, 25, 25, 22, 22, 22],
    'no member': [25, 25, 25, 25, 25, 25],
  },
  OffsetCommit: {
    'a static member': [22, 25, 25, 0, 27, 0],
    'a member': [22, 25, 25, 0, 27, 0],
    'a static member without its instance id': [22, 25, 25, 0, 27, 0],
    'a member in the former generation': [22, 25, 25, 22, 22, 22],
    'a member in the next generation': [22, 25, 25, 22, 22, 22],
    'another id': [22, 25, 25, 25, 25, 25],
    'another id with the instance id': [22, 25, 25, 82, 82, 82],
    'an instance id alone': [22, 25, 25, 82, 82, 82],
    'a member with another instance id': [22, 25, 25, 25, 25, 25],
    'a member without a generation': [0, 0, 0, 22, 22, 22],
    'no member': [0, 0, 0, 25, 25, 25],
  },
  LeaveGroup: {
    'a static member': [25, 25, 25, null, null, null],
    'a member': [25, 25, 25, null, null, null],
    'a static member without its instance id': [25, 25, 25, null, null, null],
    'a member in the former generation': [25, 25, 25, null, null, null],
    'a member in the next generation': [25, 25, 25, null, null, null],
    'another id': [25, 25, 25, 25, 25, 25],
    'another id with the instance id': [25, 25, 25, 82, 82, 82],
    'an instance id alone': [25, 25, 25, null, null, null],
    'a member with another instance id': [25, 25, 25, 25, 25, 25],
    'a member without a generation': [25, 25, 25, null, null, null],
    'no member': [25, 25, 25, 25, 25, 25],
  },
  JoinGroup: {
    'a protocol that no member knows': [79, 79, 79, 23, 23, 23],
    'another type of protocol': [79, 79, 79, 23, 23, 23],
    'a session that is too short': [26, 26, 26, 26, 26, 26],
    'a session that is too long': [26, 26, 26, 26, 26, 26],
    'an id that was never given': [25, 25, 25, 25, 25, 25],
    'another id with the instance id': [25, 25, 25, 82, 82, 82],
    'a member with another instance id': [25, 25, 25, 25, 25, 25],
    'a member with another protocol': [25, 25, 25, 23, 23, 23],
  },
};

/** What tools see of a group, and how they may delete it and its offsets. */
export const adminAnswers: Readonly<Record<Phase, AdminAnswers>> = {
  Dead: {
    described: { state: 'Dead', protocolType: '', protocol: '', members: 0 },
    deleteOffset: 69,
    deleteGroup: 69,
  },
  Committed: {
    described: { state: 'Empty', protocolType: '', protocol: '', members: 0 },
    deleteOffset: 0,
    deleteGroup: 0,
  },
  Empty: {
    described: { state: 'Empty', protocolType: 'consumer', protocol: '', members: 0 },
    deleteOffset: 0,
    deleteGroup: 0,
  },
  PreparingRebalance: {
    described: { state: 'PreparingRebalance', protocolType: 'consumer', protocol: '', members: 3 },
    deleteOffset: 86,
    deleteGroup: 68,
  },
  CompletingRebalance: {
    described: { state: 'CompletingRebalance', protocolType: 'consumer', protocol: '', members: 2 },
    deleteOffset: 86,
    deleteGroup: 68,
  },
  Stable: {
    described: { state: 'Stable', protocolType: 'consumer', protocol: 'range', members: 2 },
    deleteOffset: 86,
    deleteGroup: 68,
  },
};

interface AdminAnswers {
  readonly described: {
    readonly state: string;
    readonly protocolType: string;
    readonly protocol: string;
    readonly members: number;
  };
  readonly deleteOffset: number;
  readonly deleteGroup: number;
}
