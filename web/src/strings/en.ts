// Every text of the page, in English. The other languages have the same keys: the types see to it.

import { duration } from "./duration.ts";
import { ranges } from "./ranges.ts";

const plural = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one}` : `${count.toLocaleString("en")} ${many}`;

const pages = { page: "page", slide: "slide", part: "part" };

export const en = {
  name: "English",
  direction: "ltr" as "ltr" | "rtl",
  tagline: ["Ask your course files.", "Read the answer.", "Check the page it stands on."],
  notices: "Notices",
  close: "Close",
  cancel: "Cancel",
  tryAgain: "Try again",
  retryIn: (seconds: number) => `Try again in ${duration(seconds, "en")}`,
  busy: "One moment …",
  loading: "Loading …",
  more: "Show more",
  skip: "Skip to the conversation",
  offline: "You are offline. What is on screen stays; the rest waits for a connection.",
  unreachable: "Lectern cannot be reached. Check the connection, then try again.",
  unexpected: "Something went wrong on this page. Load it again; nothing that was sent is lost.",
  reload: "Load again",
  serverFailed:
    "Something went wrong on the server. Try again in a moment; if it happens again, tell whoever set Lectern up.",
  serverRefused: (status: number) =>
    `The server does not take this (${status}). Load the page again; if it happens again, tell whoever set Lectern up.`,
  // The server speaks English. These are the page's own, and what the server says to developers.
  problems: {
    "cross-site-request":
      "This request did not come from the page itself. Load it again, then try once more.",
    "idempotency-conflict": "This question is still being answered. Try again in a moment.",
    "idempotency-mismatch": "This question was sent with the key of another. Ask it again.",
    "invalid-access-token": "You are signed in no longer. Sign in again.",
    "invalid-request": "This entry is not valid. Check it, then try again.",
    "storage-busy": "The file storage cannot take this file just now. Try again in a moment.",
    "storage-refused": "The file storage did not take this file. Try again.",
    "storage-withheld":
      "The file storage did not send this file. Try again in a moment; if it happens again, tell whoever set Lectern up.",
    "unreadable-here":
      "This file cannot be read from this device; perhaps it was changed, or it is a folder. Choose it again, or the files in the folder.",
    "zero-bytes": "This file is empty. Choose another one; if it is a folder, the files in it.",
  } as Record<string, string>,

  // What an entry must be like that the server calls invalid, by the place in the request.
  entries: {
    "#/body/filename":
      "A file cannot have this name here. Rename it, without slashes, line breaks and invisible direction marks, then add it again.",
  },

  // What did not happen; why, and what to do, follows.
  failures: {
    exportChat: (title: string) => `“${title}” was not exported.`,
    deleteChat: (title: string) => `“${title}” was not deleted.`,
    deleteFile: (name: string) => `${name} was not deleted.`,
    add: (name: string) => `${name} was not added.`,
    download: (name: string) => `${name} was not downloaded.`,
    read: (name: string) => `${name} was not read to its end.`,
    signOut: "You are still signed in.",
    copy: "The browser does not let Lectern copy. Mark the words and copy them yourself.",
  },

  signIn: {
    title: "Sign in",
    titleNew: "Make an account",
    username: "Username",
    usernameHint: "3 to 32 letters, digits, dots, dashes or underscores. No real name is needed.",
    usernameWrong:
      "That cannot be a username. Take 3 to 32 of a to z, 0 to 9, dot, dash and underscore: no spaces, no accents.",
    password: "Password",
    passwordHint: "At least 15 characters. Several unrelated words are easy to keep in mind.",
    suggest: "Suggest a passphrase",
    suggested: "Write it down or let your browser keep it: nobody can send it to you again.",
    show: "Show password",
    hide: "Hide password",
    code: "Sign-up code",
    codeHint: "Only who has it can make an account here. Your teacher can tell you.",
    enter: "Sign in",
    create: "Make the account",
    toNew: "New here? Make an account",
    toOld: "You have an account? Sign in",
    ended: "Your session is over. Sign in again to go on where you were.",
    forgetful:
      "This browser keeps nothing for this page: you would be signed out after a few minutes. Allow cookies for it, then load it again.",
    promise: [
      "Lecture notes, slides, chapters: read page by page, and seen by nobody but you.",
      "What is not in your files is not made up.",
      "Word for word: a quote that is not on the page is not shown.",
    ],
  },

  side: {
    label: "Files and chats",
    open: "Files and chats",
    newChat: "New question",
    account: "Account",
    back: "Back to your files",
  },

  files: {
    title: "Files",
    add: "Add files",
    drop: "Drop files anywhere, or paste them",
    dropHere: "Drop to add to your files",
    types: "PDF, Word, PowerPoint, HTML, Markdown or text",
    empty: "Add lecture notes, slides or a chapter. They are read page by page; then you can ask.",
    useAll: "Use all files for questions",
    use: (name: string) => `Use ${name} for questions`,
    actions: (name: string) => `Actions for ${name}`,
    size: (bytes: number) =>
      bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`,
    count: (count: number, kind: keyof typeof pages) =>
      plural(count, pages[kind], `${pages[kind]}s`),
    place: (number: number, kind: keyof typeof pages) => `${pages[kind]} ${number}`,
    preparing: "Preparing …",
    sending: (percent: number) => `Sending, ${percent} %`,
    paused: (percent: number) => `Paused at ${percent} %`,
    waiting: "Connection lost. Goes on by itself when it is back.",
    waitsForStorage: "The file storage does not take it yet. Tries again by itself.",
    waitsForReading: "Sent. About to be read …",
    reading: (done: number, total: number, kind: keyof typeof pages) =>
      `Reading ${pages[kind]} ${done} of ${total}`,
    gaps: (numbers: number[], total: number, kind: keyof typeof pages) =>
      `${numbers.length} of ${plural(total, pages[kind], `${pages[kind]}s`)} ${numbers.length === 1 ? "has" : "have"} no text (${ranges(numbers)}). Scanned pages need text recognition first.`,
    ready: (name: string) => `${name} is ready.`,
    duplicate: (name: string) => `The same file is already here as ${name}.`,
    awaited: "Not here yet. If no other tab is sending it, choose the file again, or remove it.",
    broken: "The upload broke off. Choose the file again, or remove it.",
    pause: "Pause",
    resume: "Go on",
    open: "Read",
    download: "Download",
    delete: "Delete",
    deleted: (name: string) => `${name} is deleted.`,
    deleteTitle: (name: string) => `Delete ${name}?`,
    deleteText:
      "The file, its pages and all that was read from it are deleted for good. Answers that quote it keep the quotes.",
  },

  chats: {
    title: "Chats",
    search: "Search your chats",
    none: "Nothing found. All words must stand in one question or its answer.",
    empty: "What you ask is kept here.",
    actions: (title: string) => `Actions for ${title}`,
    rename: "Rename",
    renameLabel: "Title of the chat",
    save: "Save",
    exportMarkdown: "Export as Markdown",
    exportJson: "Export as JSON",
    delete: "Delete",
    deleted: (title: string) => `“${title}” is deleted.`,
    restored: (title: string) => `“${title}” is back.`,
    undo: "Undo",
    earlier: "Show earlier questions",
    loadingEarlier: "Loading the chat …",
    questions: (count: number) => plural(count, "question", "questions"),
  },

  ask: {
    label: "Your question",
    placeholder: "Ask about your files …",
    send: "Ask",
    stop: "Stop",
    all: (count: number) =>
      ["", "Asks your file", "Asks both files"][count] ?? `Asks all ${count} files`,
    some: (count: number, total: number) => `Asks ${count} of ${total} files`,
    noneChosen: "Choose at least one file",
    noneReady: "Add a file first",
    coming: (count: number) => plural(count, "file on its way …", "files on their way …"),
    reading: (count: number) => `Reading ${plural(count, "file", "files")} …`,
    notListed: "Your files could not be loaded",
    notRead: (count: number) => plural(count, "file was not read", "files were not read"),
    doubled: (count: number) => plural(count, "file was here already", "files were here already"),
    tooLong: (count: number) => `${plural(count, "character", "characters")} too many`,
    conversation: "Conversation",
    title: "What would you like to know?",
    hints: [
      "Ask as you would ask a friend who has read everything you have given them.",
      "A small number behind a sentence opens the page it comes from, with the very words marked.",
      "Untick files in your list to ask only some of them.",
    ],
    welcomeTitle: "A desk for your course",
    welcome: "Put the first file on it: lecture notes, slides, a chapter.",
    soon: "As soon as a file has been read you can ask.",
    steps: [
      "Add a file. It is read page by page, and you see how far it is.",
      "Ask a question in your own words.",
      "Check the answer: each number opens the very words it rests on.",
    ],
  },

  answer: {
    searching: "Looking through your files …",
    consulted: (count: number) => `Reading ${plural(count, "passage", "passages")} …`,
    sources: "Sources",
    deleted: "deleted since",
    citation: (marker: number, file: string, place: string) =>
      `Citation ${marker}: ${file}, ${place}`,
    done: (count: number) =>
      count
        ? `End of the answer, with ${plural(count, "citation", "citations")}.`
        : "End of the answer.",
    notFoundTitle: "Not in your files",
    notFoundHint: "Try other words, choose more files, or add the file that has it.",
    unbackedTitle: "Not backed by your files",
    unbackedHint: "No quote for this was found in your files. Do not rely on it.",
    interrupted: "This answer broke off. What arrived is kept.",
    stopping: "Stopping …",
    stopped: "You stopped this answer. What arrived is kept.",
    stoppedBefore: "You stopped this answer before it began.",
    lost: "The connection was lost in the middle of the answer. What arrived is here.",
    lostBefore: "The connection was lost before the answer came.",
    lostFirst:
      "The connection was lost before the answer came. Before you ask the next question, press “Go on”, or begin with “New question”.",
    elsewhere: "This question is still being answered.",
    failed: "This question was not answered.",
    askAgain: "Ask again",
    goOn: "Go on",
    goOnWith: "Go on: ",
    copy: "Copy",
    copied: "Copied",
    edit: "Edit question",
    table: "Table",
    formula: "Formula",
    linkTo: (host: string) => `opens ${host} in a new tab`,
    image: (name: string) => `[Picture: ${name || "without a name"}]`,
  },

  source: {
    label: (name: string) => `Source: ${name}`,
    nameless: "File",
    text: "Text",
    original: "Original",
    previous: (kind: keyof typeof pages) => `Previous ${pages[kind]}`,
    next: (kind: keyof typeof pages) => `Next ${pages[kind]}`,
    of: (place: string, total: number) => `${place} of ${total}`,
    gone: "This file was deleted. These are the words that were quoted from it:",
    goneBare: "This file is not there; perhaps it was deleted. Add it again to read it.",
    blank: (kind: keyof typeof pages) =>
      `There is no text ${kind === "part" ? "in" : "on"} this ${pages[kind]}.`,
    openTab: "Open in a new tab",
    save: "Download the original",
    noFrame: "Here the original opens in a tab of its own.",
    notPdf: "The browser cannot show this kind of file; it can be downloaded.",
    frame: (name: string) => `${name}, the original`,
    marked: " (Here are the quoted words:) ",
  },

  account: {
    title: "Account",
    since: (date: string) => `Member since ${date}`,
    appearance: "Appearance",
    language: "Language",
    theme: "Theme",
    themes: { auto: "As the system", light: "Light", dark: "Dark" },
    sessions: "Where you are signed in",
    thisOne: "this session",
    lastUsed: (date: string) => `last used ${date}`,
    unknownDevice: "Unknown device",
    endSession: "Sign out",
    endThis: (device: string) => `Sign out on ${device}`,
    password: "Password",
    current: "Current password",
    next: "New password",
    change: "Change password",
    changed: "The password is changed. All other sessions are over.",
    mustChange:
      "You signed in with a one-time passphrase. Choose a password of your own before anything else.",
    export: "Your data",
    exportText: "A zip with your account, your files as you uploaded them and all your chats.",
    exportDo: "Download everything",
    exporting: "Packing …",
    signOut: "Sign out",
    signOutTitle: "Sign out now?",
    signOutText: (count: number) =>
      `${plural(count, "file is still on its way", "files are still on their way")}. Nothing of ${count === 1 ? "it" : "them"} is kept if you sign out now.`,
    erase: "Delete account",
    eraseText: "Deletes the account with all files and chats, at once and for good.",
    eraseDo: "Delete my account …",
    eraseTitle: "Delete your account?",
    eraseConfirm: "Delete everything for good",
    erasePassword: "Your password, as proof that it is you",
    receiptTitle: "Your account is gone",
    receiptText: "This is what was deleted:",
    receiptLost:
      "It is deleted with all files and chats. The connection was lost before the list of them came. Should the storage have failed as well, it deletes the files within the day.",
    receiptObjects: "Stored files",
    receiptPending:
      "Stored files that will be deleted within the day, because the storage failed just now",
    receiptRows: {
      users: "Account",
      sessions: "Sessions",
      files: "Files",
      pages: "Pages",
      chunks: "Passages",
      chats: "Chats",
      queries: "Questions",
      daily_usage: "Daily counts",
      refresh_tokens: "Session keys",
      sign_in_failures: "Failed sign-ins",
    } as Record<string, string>,
    receiptEnd: "To the start page",
  },
};
