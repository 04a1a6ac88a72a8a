// The uploads that are on their way, as they are shown and as they are worked at.

import { effect, signal } from "@preact/signals";
import type { Failure } from "../api/problems.ts";
import { user } from "../api/session.ts";
import type { SignedUpload } from "../schema.ts";
import { askBeforeUnload } from "../unload.ts";
import type { Delivery } from "./transfer.ts";

export type Stage =
  | { stage: "preparing" | "sending" | "paused" }
  | { stage: "waiting" | "failed"; failure: Failure }
  | { stage: "duplicate"; of: string };

export interface Shipment {
  key: string;
  file: File;
  state: Stage;
  sentBytes: number;
}

export const shipments = signal<Shipment[]>([]);

/** Nobody but this page has its bytes: they go with it. */
export const isUnsent = ({ state: { stage } }: Shipment) =>
  stage !== "failed" && stage !== "duplicate";

effect(() => askBeforeUnload(user.value != null && shipments.value.some(isUnsent)));

export interface Job {
  announced: SignedUpload | null;
  /** When the address of what is announced goes no more, in milliseconds of this device's clock. */
  goesUntil: number;
  /** Whether it may have been announced all the same: nobody heard how that ended. */
  isUnheard: boolean;
  delivery: Delivery;
  abort: AbortController;
  /** Whether it waits for its turn: it has one place there, however often it is paused meanwhile. */
  isQueued: boolean;
  /** Its latest turn: what is announced in it after all is also given back in it. */
  turn: Promise<void> | null;
}

export const newDelivery = (): Delivery => ({ url: null, arrivedBytes: 0, failures: 0 });

export const newJob = (): Job => ({
  announced: null,
  goesUntil: 0,
  isUnheard: false,
  delivery: newDelivery(),
  abort: new AbortController(),
  isQueued: false,
  turn: null,
});

export const jobs = new Map<string, Job>();

export function find(key: string): Shipment | undefined {
  return shipments.value.find((shipment) => shipment.key === key);
}

export function update(key: string, change: Partial<Shipment>): void {
  shipments.value = shipments.value.map((shipment) =>
    shipment.key === key ? { ...shipment, ...change } : shipment,
  );
}

export function remove(key: string): void {
  shipments.value = shipments.value.filter((shipment) => shipment.key !== key);
  jobs.delete(key);
}

type Named = Pick<File, "name" | "size">;

/** Whether two may be the same file. The server keeps a name composed; not every device hands it over so. */
export function isAlike(one: Named, other: Named): boolean {
  return one.size === other.size && one.name.normalize() === other.name.normalize();
}

/** Whether this page is about to send the bytes of an announced file. */
export function isOnTheWay(id: number): boolean {
  return shipments.value.some(({ key }) => {
    const announced = jobs.get(key)?.announced;
    // Without a place to send to it is a file that was there before.
    return announced?.upload && announced.file.id === id;
  });
}

/** Whether this page is about to send a file like this whose place is not known yet. */
export function isPlaceless(file: Named): boolean {
  return shipments.value.some(
    (shipment) =>
      isAlike(shipment.file, file) && isUnsent(shipment) && !jobs.get(shipment.key)?.announced,
  );
}
