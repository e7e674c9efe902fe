import type { Column, ColumnName } from '../packet/columns.js';
import { NO_LENGTH, NO_VLAN, NO_WSCALE, PacketTable, PacketType } from '../packet/table.js';
import { Gate } from './gates.js';
import { acknowledged } from './opposite.js';
import { captured, ipIdentification, ipLength, type Reference, sequence } from './reference.js';

/** How one column, or one of the words of a column that has several a row, is coded. */
export interface CodedColumn {
  readonly name: ColumnName;
  readonly word: number;
  readonly stride: number;
  /** Bits of which a row needs one to have the column. */
  readonly gate: number;
  /** Value that decoding gives the rows without the gate; also the prediction of the very first row. */
  readonly fallback: number;
  readonly reference: Reference | null;
}

interface Coding {
  gate?: number;
  fallback?: number;
  reference?: Reference;
}

/** Only for the strides of the columns. */
const ONE_ROW = new PacketTable(1);

function column(name: ColumnName, coding: Coding = {}): CodedColumn[] {
  const stride = (ONE_ROW[name] as Column).length;
  const { gate = Gate.always, fallback = 0, reference = null } = coding;
  return Array.from({ length: stride }, (_, word) => ({ name, word, stride, gate, fallback, reference }));
}

function columns(gate: number, ...names: ColumnName[]): CodedColumn[] {
  return names.flatMap((name) => column(name, { gate }));
}

/** The edges of SACK block k are there only in rows with more than k blocks. */
function sackEdges(): CodedColumn[] {
  return column('sack').map((edge) => ({ ...edge, gate: Gate.sack1 << (edge.word >> 1) }));
}

/** Columns that say which others a row has. They come first; gates are worked out after each list. */
const SELECTORS: readonly CodedColumn[] = [
  ...columns(Gate.always, 'layer', 'ipVersion', 'protocol', 'digestLength'),
  ...columns(Gate.always, 'tlsRecord', 'dnsFlags', 'dnsType', 'httpKind'),
];

const SELECTED_SELECTORS: readonly CodedColumn[] = [
  ...columns(Gate.tcp, 'sackCount'),
  ...columns(Gate.icmp, 'quotedProtocol'),
];

/** The order matters only in that a reference's columns stand before the column that uses it. */
const rest = (acknowledgment: Coding): readonly CodedColumn[] => [
  ...columns(Gate.network, 'ipLength'),
  ...column('wireLength', { reference: ipLength }),
  ...column('capturedLength', { reference: captured }),
  ...column('payloadLength', { reference: ipLength }),
  ...columns(Gate.always, 'marks', 'ifindex', 'sourceMac', 'destinationMac', 'tunnel', 'marker'),
  ...column('packetType', { fallback: PacketType.unknown }),
  ...column('vlan', { fallback: NO_VLAN }),
  ...columns(Gate.network, 'source', 'destination', 'ttl', 'tos', 'ipFlags', 'fragmentOffset', 'flowLabel'),
  ...column('ipId', { gate: Gate.network, reference: ipIdentification }),
  ...columns(Gate.transport, 'sourcePort', 'destinationPort', 'checksum'),
  ...columns(Gate.digest, 'digestHigh', 'digestLow'),
  ...columns(Gate.tcp, 'tcpFlags'),
  // Echo messages of ICMP have one too.
  ...column('sequence', { gate: Gate.tcp | Gate.icmp, reference: sequence }),
  ...column('acknowledgment', { gate: Gate.tcp, ...acknowledgment }),
  ...columns(Gate.tcp, 'window', 'urgent', 'tcpOptions', 'tcpOptionOrder', 'mss'),
  ...column('wscale', { gate: Gate.tcp, fallback: NO_WSCALE }),
  ...columns(Gate.tcp, 'timestampValue', 'timestampEcho'),
  ...sackEdges(),
  ...columns(Gate.icmp, 'icmpType', 'icmpCode', 'icmpMtu'),
  ...columns(Gate.quoted, 'quotedSource', 'quotedDestination', 'quotedSourcePort', 'quotedDestinationPort'),
  ...columns(Gate.quoted, 'quotedIpId', 'quotedSequence'),
  ...column('tlsHandshake', { fallback: 255 }),
  ...columns(Gate.tls, 'tlsAlertLevel', 'tlsAlert'),
  ...columns(Gate.dns, 'dnsId'),
  ...columns(Gate.always, 'nameHigh', 'nameLow'),
  ...columns(Gate.http, 'httpStatus', 'httpHeadLength'),
  ...column('httpLength', { gate: Gate.http, fallback: NO_LENGTH }),
];

/** Every column except `time`, in coding order, for each version of the coding. */
export type Plan = readonly (readonly CodedColumn[])[];

/** Of the version that is written. */
export const PLAN: Plan = [SELECTORS, SELECTED_SELECTORS, rest({ reference: acknowledged })];
/** Of versions 1 and 2: each acknowledgment follows the one before. */
export const PLAN_BEFORE_3: Plan = [SELECTORS, SELECTED_SELECTORS, rest({})];

/** Number of coded columns: one presence bit each. */
export const PLAN_LENGTH = PLAN.reduce((sum, list) => sum + list.length, 0);
