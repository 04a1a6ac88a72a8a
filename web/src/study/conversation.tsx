// The conversation: its turns, kept in view while they grow, and the composer below.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { runningTurn } from "../chats/asking.ts";
import { chatId, chatState, isElsewhere, lookAgain, openChat, turns } from "../chats/turns.ts";
import { wait } from "../files/waiting.ts";
import { strings } from "../strings/index.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { Composer } from "./composer.tsx";
import { QuoteCard } from "./quote-card.tsx";
import { speak } from "./speech.ts";
import { TurnList } from "./turn-list.tsx";
import { Welcome } from "./welcome.tsx";

const MARGIN = 24;
const NEAR = 48;
const LOOK_AGAIN_MILLISECONDS = 2_500;

/** As far down as it goes, but never past the question that is being answered. */
function lowest(scroller: HTMLElement): number {
  const last = scroller.querySelector<HTMLElement>(".turn:last-of-type");
  const bottom = scroller.scrollHeight - scroller.clientHeight;
  return last ? Math.min(bottom, last.offsetTop - MARGIN) : 0;
}

/** Follow what grows, until the reader scrolls away from it. */
function follow(scroller: HTMLElement): () => void {
  let isFollowing = true;
  let aim = 0;
  const settle = () => {
    if (!isFollowing) return;
    aim = lowest(scroller);
    scroller.scrollTop = aim;
  };
  const onScroll = () => {
    isFollowing =
      Math.abs(scroller.scrollTop - Math.min(aim, scroller.scrollHeight - scroller.clientHeight)) <
      NEAR;
  };
  const observer = new ResizeObserver(settle);
  for (const child of scroller.children) observer.observe(child);
  observer.observe(scroller);
  scroller.addEventListener("scroll", onScroll, { passive: true });
  settle();
  return () => {
    observer.disconnect();
    scroller.removeEventListener("scroll", onScroll);
  };
}

function ChatFailure() {
  const state = chatState.value;
  if (state === "loading")
    return (
      <p class="hint" role="status">
        {strings.value.chats.loadingEarlier}
      </p>
    );
  if (state === "loaded") return null;
  return (
    <FailureNote failure={state}>
      <Retry failure={state} onRetry={() => openChat(chatId.value)} />
    </FailureNote>
  );
}

/** Look again and again, each time a while after the last look has ended. */
async function keepLooking(signal: AbortSignal): Promise<void> {
  for (;;) {
    await wait(LOOK_AGAIN_MILLISECONDS, signal);
    if (signal.aborted) return;
    await lookAgain();
  }
}

/** An answer that is made elsewhere is looked for until it is there. */
function useElsewhere(): void {
  const isAwaited = turns.value.some(({ value }) => isElsewhere(value));
  useEffect(() => {
    if (!isAwaited) return;
    const over = new AbortController();
    keepLooking(over.signal);
    return () => over.abort();
  }, [isAwaited]);
}

interface Props {
  title: string;
  /** Whether something lies over it that has to be closed first. */
  isBehind: boolean;
}

export function Conversation({ title, isBehind }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const running = runningTurn.value;
  const count = turns.value.length;
  useElsewhere();
  useLayoutEffect(
    () => (scroller.current ? follow(scroller.current) : undefined),
    [count, chatId.value],
  );
  useEffect(() => (running ? speak(running) : undefined), [running]);
  return (
    <main
      class="conversation"
      id="conversation"
      tabIndex={-1}
      aria-label={strings.value.ask.conversation}
    >
      <h1 class="visually-hidden">{title}</h1>
      <div class="scroller" ref={scroller} inert={isBehind}>
        <div class="turns">
          <ChatFailure />
          {count === 0 && chatState.value === "loaded" && <Welcome />}
          <TurnList />
        </div>
      </div>
      <Composer isBehind={isBehind} />
      <QuoteCard />
    </main>
  );
}
