// Every text of the page, in German.

import { duration } from "./duration.ts";
import type { Strings } from "./index.ts";
import { ranges } from "./ranges.ts";

const plural = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one}` : `${count.toLocaleString("de")} ${many}`;

const pages = {
  page: ["Seite", "Seiten"],
  slide: ["Folie", "Folien"],
  part: ["Teil", "Teile"],
} as const;

export const de: Strings = {
  name: "Deutsch",
  direction: "ltr",
  tagline: [
    "Frag deine Kursunterlagen.",
    "Lies die Antwort.",
    "Prüfe die Seite, auf der sie steht.",
  ],
  notices: "Hinweise",
  close: "Schließen",
  cancel: "Abbrechen",
  tryAgain: "Noch einmal",
  retryIn: (seconds) => `Noch einmal in ${duration(seconds, "de")}`,
  busy: "Einen Augenblick …",
  loading: "Wird geladen …",
  more: "Mehr zeigen",
  skip: "Zum Gespräch springen",
  offline: "Du bist offline. Was zu sehen ist, bleibt; alles andere wartet auf die Verbindung.",
  unreachable: "Lectern ist nicht zu erreichen. Prüfe die Verbindung und versuche es noch einmal.",
  serverFailed:
    "Auf dem Server ging etwas schief. Versuche es gleich noch einmal; wenn es wieder geschieht, sag es dem, der Lectern eingerichtet hat.",
  serverRefused: (status) =>
    `Der Server nimmt das nicht an (${status}). Lade die Seite neu; wenn es wieder geschieht, sag es dem, der Lectern eingerichtet hat.`,
  unexpected:
    "Auf dieser Seite ging etwas schief. Lade sie neu; was gesendet wurde, ist nicht verloren.",
  reload: "Neu laden",
  // One text for all that the server calls by the same name: it has to be true of each.
  problems: {
    "invalid-credentials":
      "Das Passwort deines Kontos oder der Benutzername stimmt nicht. Prüfe, was du eingegeben hast, und versuche es noch einmal.",
    "signup-refused":
      "Hier braucht es einen gültigen Code für neue Konten. Frag deine Lehrkraft danach.",
    "signup-closed":
      "Hier kann sich niemand selbst ein Konto anlegen. Frag deine Lehrkraft danach.",
    "username-taken": "Diesen Benutzernamen gibt es schon. Wähle einen anderen.",
    "weak-password":
      "Dieses Passwort ist zu leicht zu erraten, zu kurz, länger als 256 Zeichen oder dein bisheriges. Nimm vier Wörter, die nichts miteinander und nichts mit dir zu tun haben.",
    "too-many-attempts":
      "Zu viele falsche Passwörter oder Codes. Warte einen Augenblick und versuche es dann noch einmal.",
    "invalid-request": "Diese Eingabe ist nicht gültig. Prüfe sie und versuche es noch einmal.",
    "file-not-found":
      "Diese Datei gibt es nicht; vielleicht wurde sie gelöscht. Wähle eine andere oder füge sie noch einmal hinzu.",
    "file-too-large": "Diese Datei ist zu groß. Teile sie oder lass weg, was du nicht brauchst.",
    "too-many-pages": "Diese Datei ist zu lang. Teile sie und lade die Teile hoch.",
    "unsupported-file-type":
      "Solche Dateien liest Lectern nicht, oder ihr Inhalt passt nicht zu ihrem Namen. Sichere sie als PDF, DOCX, PPTX, HTML, Markdown oder reinen Text, ohne Makros und ohne Passwort.",
    "unreadable-file":
      "Diese Datei ist nicht lesbar; vielleicht ist sie beschädigt oder durch ein Passwort geschützt, oder eine Seite ist zu groß. Sichere sie neu, ohne Passwort und ohne übergroße Seiten, und lade sie noch einmal hoch.",
    "empty-file":
      "In dieser Datei steht kein Text. Eingescannte Seiten brauchen zuerst eine Texterkennung.",
    "upload-incomplete": "Die Datei ist nicht vollständig angekommen. Lade sie noch einmal hoch.",
    "upload-mismatch": "Angekommen ist nicht die angekündigte Datei. Lade sie noch einmal hoch.",
    "file-not-ready": "Eine der gewählten Dateien ist noch nicht gelesen. Warte oder lass sie weg.",
    "file-limit-reached":
      "Für diese Datei ist kein Platz mehr. Lösche eine andere, die du nicht mehr brauchst.",
    "text-limit-reached":
      "Mehr Text dürfen deine Dateien zusammen nicht enthalten. Lösche eine, die du nicht mehr brauchst, und lade diese noch einmal hoch.",
    "chat-not-found":
      "Diesen Chat gibt es nicht; vielleicht wurde er gelöscht. Wähle einen anderen oder stell eine neue Frage.",
    "daily-limit-reached":
      "Für heute sind alle deine Fragen gestellt. Um Mitternacht (UTC) geht es weiter.",
    "capacity-exhausted":
      "Lectern hat für heute alles beantwortet, was es beantworten darf. Um Mitternacht (UTC) geht es weiter.",
    "too-many-streams": "Zu viele Fragen auf einmal. Warte auf eine Antwort, dann frag weiter.",
    "idempotency-conflict":
      "Diese Frage wird gerade noch beantwortet. Versuche es gleich noch einmal.",
    "request-too-large": "Das ist zu groß. Kürze es und versuche es noch einmal.",
    busy: "Gerade melden sich zu viele an. Versuche es in ein paar Sekunden noch einmal.",
    "database-unavailable":
      "Die Datenbank ist nicht zu erreichen. Nichts ging verloren; versuche es gleich noch einmal.",
    "storage-unavailable":
      "Der Dateispeicher ist nicht zu erreichen. Versuche es gleich noch einmal.",
    "model-unavailable":
      "Das Sprachmodell ist nicht zu erreichen. Nichts ging verloren; versuche es gleich noch einmal.",
    "model-interrupted":
      "Die Antwort brach ab; was davon ankam, ist aufgehoben. Frag noch einmal, oder nach weniger auf einmal.",
    "model-declined":
      "Das Sprachmodell wollte darauf nicht antworten. Frag mit anderen Worten oder nach anderen Dateien.",
    "storage-busy":
      "Der Dateispeicher kann diese Datei gerade nicht annehmen. Versuche es gleich noch einmal.",
    "storage-refused":
      "Der Dateispeicher hat diese Datei nicht angenommen. Versuche es noch einmal.",
    "storage-withheld":
      "Der Dateispeicher hat diese Datei nicht gesendet. Versuche es gleich noch einmal; wenn es wieder geschieht, sag es dem, der Lectern eingerichtet hat.",
    "unreadable-here":
      "Diese Datei ist auf diesem Gerät nicht zu lesen; vielleicht wurde sie geändert oder ist ein Ordner. Wähle sie noch einmal oder die Dateien im Ordner.",
    "zero-bytes": "Diese Datei ist leer. Wähle eine andere; ist es ein Ordner, die Dateien darin.",
    "invalid-access-token": "Du bist nicht mehr angemeldet. Melde dich wieder an.",
    "invalid-refresh-token": "Deine Sitzung ist zu Ende. Melde dich wieder an.",
    "refresh-token-reused":
      "Deine Sitzung wurde beendet, weil ihr Schlüssel zweimal benutzt wurde. Melde dich wieder an.",
    "session-ended": "Deine Sitzung ist zu Ende. Melde dich wieder an.",
    "session-not-found":
      "Diese Sitzung gibt es nicht; vielleicht ist sie schon zu Ende. Lade die Liste neu.",
    "cross-site-request":
      "Diese Anfrage kam nicht von der Seite selbst. Lade sie neu und versuche es noch einmal.",
    "edge-bypassed":
      "Unter dieser Adresse antwortet Lectern nicht. Nimm die, die du dafür bekommen hast.",
    "password-change-required":
      "Du hast dich mit einer Einmal-Passphrase angemeldet. Wähle zuerst ein eigenes Passwort.",
    "page-not-found":
      "Diese Seite hat die Datei nicht, oder sie ist noch nicht gelesen. Wähle eine andere.",
    "too-much-text":
      "In dieser Datei steht mehr Text als in Kursunterlagen. Teile sie und lade die Teile hoch.",
    "lease-lost":
      "Diese Datei wird gerade schon gelesen. Warte einen Augenblick und sieh dann wieder nach.",
    "idempotency-mismatch":
      "Diese Frage wurde mit dem Schlüssel einer anderen gesendet. Stell sie noch einmal.",
    "invalid-job-secret": "Dafür braucht es das Geheimnis der geplanten Aufgabe.",
  },

  entries: {
    "#/body/filename":
      "So kann eine Datei hier nicht heißen. Benenne sie um, ohne Schrägstriche, Zeilenumbrüche und unsichtbare Richtungszeichen, und füge sie noch einmal hinzu.",
  },

  failures: {
    exportChat: (title) => `„${title}“ wurde nicht exportiert.`,
    deleteChat: (title) => `„${title}“ wurde nicht gelöscht.`,
    deleteFile: (name) => `${name} wurde nicht gelöscht.`,
    add: (name) => `${name} wurde nicht hinzugefügt.`,
    download: (name) => `${name} wurde nicht heruntergeladen.`,
    read: (name) => `${name} wurde nicht zu Ende gelesen.`,
    signOut: "Du bist noch angemeldet.",
    copy: "Der Browser lässt Lectern nicht kopieren. Markiere die Wörter und kopiere sie selbst.",
  },

  signIn: {
    title: "Anmelden",
    titleNew: "Konto anlegen",
    username: "Benutzername",
    usernameHint:
      "3 bis 32 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche. Kein echter Name nötig.",
    usernameWrong:
      "Das geht nicht als Benutzername. Nimm 3 bis 32 aus a bis z, 0 bis 9, Punkt, Binde- und Unterstrich: kein Leerzeichen, kein Umlaut.",
    password: "Passwort",
    passwordHint: "Mindestens 15 Zeichen. Mehrere Wörter ohne Zusammenhang sind leicht zu merken.",
    suggest: "Passphrase vorschlagen",
    suggested:
      "Schreib sie auf oder lass den Browser sie merken: Niemand kann sie dir noch einmal schicken.",
    show: "Passwort zeigen",
    hide: "Passwort verbergen",
    code: "Code für neue Konten",
    codeHint: "Nur wer ihn hat, kann hier ein Konto anlegen. Deine Lehrkraft kennt ihn.",
    enter: "Anmelden",
    create: "Konto anlegen",
    toNew: "Neu hier? Konto anlegen",
    toOld: "Du hast ein Konto? Anmelden",
    ended: "Deine Sitzung ist zu Ende. Melde dich wieder an, dann geht es weiter, wo du warst.",
    forgetful:
      "Dieser Browser merkt sich nichts für diese Seite; du wärst nach einigen Minuten abgemeldet. Erlaube ihr Cookies und lade sie neu.",
    promise: [
      "Skripte, Folien, Kapitel: Seite für Seite gelesen und von niemandem gesehen als dir.",
      "Was nicht in deinen Dateien steht, wird nicht erfunden.",
      "Wort für Wort: Ein Zitat, das nicht auf der Seite steht, wird nicht gezeigt.",
    ],
  },

  side: {
    label: "Dateien und Chats",
    open: "Dateien und Chats",
    newChat: "Neue Frage",
    account: "Konto",
    back: "Zurück zu deinen Dateien",
  },

  files: {
    title: "Dateien",
    add: "Dateien hinzufügen",
    drop: "Irgendwo ablegen oder einfügen",
    dropHere: "Loslassen, um die Dateien hinzuzufügen",
    types: "PDF, Word, PowerPoint, HTML, Markdown oder Text",
    empty:
      "Füge Skripte, Folien oder ein Kapitel hinzu. Sie werden Seite für Seite gelesen; dann kannst du fragen.",
    useAll: "Alle Dateien für Fragen verwenden",
    use: (name) => `${name} für Fragen verwenden`,
    actions: (name) => `Aktionen für ${name}`,
    size: (bytes) =>
      bytes < 1e6
        ? `${Math.max(1, Math.round(bytes / 1e3))} kB`
        : `${(bytes / 1e6).toFixed(1).replace(".", ",")} MB`,
    count: (count, kind) => plural(count, pages[kind][0], pages[kind][1]),
    place: (number, kind) => `${pages[kind][0]} ${number}`,
    preparing: "Wird vorbereitet …",
    sending: (percent) => `Wird gesendet, ${percent} %`,
    paused: (percent) => `Angehalten bei ${percent} %`,
    waiting: "Verbindung verloren. Es geht von selbst weiter, sobald sie wieder da ist.",
    waitsForStorage: "Der Dateispeicher nimmt sie noch nicht an. Es geht von selbst weiter.",
    waitsForReading: "Gesendet. Wird gleich gelesen …",
    reading: (done, total, kind) => `${pages[kind][0]} ${done} von ${total} wird gelesen`,
    gaps: (numbers, total, kind) =>
      `${numbers.length} von ${plural(total, pages[kind][0], pages[kind][1])} ohne Text (${ranges(numbers)}). Eingescannte Seiten brauchen zuerst eine Texterkennung.`,
    ready: (name) => `${name} ist bereit.`,
    duplicate: (name) => `Dieselbe Datei gibt es hier schon als ${name}.`,
    awaited:
      "Noch nicht da. Wenn kein anderer Tab sie sendet, wähle die Datei noch einmal oder entferne sie.",
    broken: "Das Hochladen brach ab. Wähle die Datei noch einmal oder entferne sie.",
    pause: "Anhalten",
    resume: "Weiter",
    open: "Lesen",
    download: "Herunterladen",
    delete: "Löschen",
    deleted: (name) => `${name} ist gelöscht.`,
    deleteTitle: (name) => `${name} löschen?`,
    deleteText:
      "Die Datei, ihre Seiten und alles, was daraus gelesen wurde, werden endgültig gelöscht. Antworten, die sie zitieren, behalten die Zitate.",
  },

  chats: {
    title: "Chats",
    search: "Chats durchsuchen",
    none: "Nichts gefunden. Alle Wörter müssen in einer Frage oder ihrer Antwort stehen.",
    empty: "Was du fragst, bleibt hier.",
    actions: (title) => `Aktionen für ${title}`,
    rename: "Umbenennen",
    renameLabel: "Titel des Chats",
    save: "Sichern",
    exportMarkdown: "Als Markdown exportieren",
    exportJson: "Als JSON exportieren",
    delete: "Löschen",
    deleted: (title) => `„${title}“ ist gelöscht.`,
    restored: (title) => `„${title}“ ist wieder da.`,
    undo: "Rückgängig",
    earlier: "Frühere Fragen zeigen",
    loadingEarlier: "Der Chat wird geladen …",
    questions: (count) => plural(count, "Frage", "Fragen"),
  },

  ask: {
    label: "Deine Frage",
    placeholder: "Frag deine Dateien …",
    send: "Fragen",
    stop: "Stoppen",
    all: (count) =>
      ["", "Fragt deine Datei", "Fragt beide Dateien"][count] ?? `Fragt alle ${count} Dateien`,
    some: (count, total) => `Fragt ${count} von ${total} Dateien`,
    noneChosen: "Wähle mindestens eine Datei",
    noneReady: "Füge zuerst eine Datei hinzu",
    coming: (count) => `${plural(count, "Datei", "Dateien")} unterwegs …`,
    reading: (count) => plural(count, "Datei wird gelesen …", "Dateien werden gelesen …"),
    notListed: "Deine Dateien ließen sich nicht laden",
    notRead: (count) => plural(count, "Datei wurde nicht gelesen", "Dateien wurden nicht gelesen"),
    doubled: (count) => plural(count, "Datei war schon da", "Dateien waren schon da"),
    tooLong: (count) => `${count} Zeichen zu viel`,
    conversation: "Gespräch",
    title: "Was möchtest du wissen?",
    hints: [
      "Frag, wie du jemanden fragst, der alles gelesen hat, was du ihm gegeben hast.",
      "Eine kleine Zahl hinter einem Satz öffnet die Seite, von der er stammt, mit genau den Wörtern markiert.",
      "Nimm in deiner Liste Häkchen weg, um nur einige Dateien zu fragen.",
    ],
    welcomeTitle: "Ein Tisch für deinen Kurs",
    welcome: "Leg die erste Datei darauf: ein Skript, Folien, ein Kapitel.",
    soon: "Sobald eine Datei gelesen ist, kannst du fragen.",
    steps: [
      "Füge eine Datei hinzu. Sie wird Seite für Seite gelesen, und du siehst, wie weit.",
      "Stell eine Frage in deinen eigenen Worten.",
      "Prüfe die Antwort: Jede Zahl öffnet genau die Wörter, auf denen sie beruht.",
    ],
  },

  answer: {
    searching: "Deine Dateien werden durchsucht …",
    consulted: (count) => `${plural(count, "Stelle wird", "Stellen werden")} gelesen …`,
    sources: "Quellen",
    deleted: "inzwischen gelöscht",
    citation: (marker, file, place) => `Zitat ${marker}: ${file}, ${place}`,
    done: (count) =>
      count ? `Ende der Antwort, mit ${plural(count, "Zitat", "Zitaten")}.` : "Ende der Antwort.",
    notFoundTitle: "Nicht in deinen Dateien",
    notFoundHint: "Versuche andere Wörter, wähle mehr Dateien oder füge die passende hinzu.",
    unbackedTitle: "Nicht durch deine Dateien belegt",
    unbackedHint: "Dafür fand sich kein Zitat in deinen Dateien. Verlass dich nicht darauf.",
    interrupted: "Diese Antwort brach ab. Was ankam, ist aufgehoben.",
    stopping: "Wird gestoppt …",
    stopped: "Du hast diese Antwort gestoppt. Was ankam, ist aufgehoben.",
    stoppedBefore: "Du hast diese Antwort gestoppt, bevor sie begann.",
    lost: "Mitten in der Antwort ging die Verbindung verloren. Was ankam, steht hier.",
    lostBefore: "Die Verbindung ging verloren, bevor die Antwort kam.",
    lostFirst:
      "Die Verbindung ging verloren, bevor die Antwort kam. Bevor du die nächste Frage stellst, drücke „Weiter“, oder fang mit „Neue Frage“ an.",
    elsewhere: "Diese Frage wird gerade noch beantwortet.",
    failed: "Diese Frage wurde nicht beantwortet.",
    askAgain: "Noch einmal fragen",
    goOn: "Weiter",
    goOnWith: "Weiter: ",
    copy: "Kopieren",
    copied: "Kopiert",
    edit: "Frage ändern",
    table: "Tabelle",
    formula: "Formel",
    linkTo: (host) => `öffnet ${host} in einem neuen Tab`,
    image: (name) => `[Bild: ${name || "ohne Namen"}]`,
  },

  source: {
    label: (name) => `Quelle: ${name}`,
    nameless: "Datei",
    text: "Text",
    original: "Original",
    previous: (kind) => `${kind === "part" ? "Voriger" : "Vorige"} ${pages[kind][0]}`,
    next: (kind) => `${kind === "part" ? "Nächster" : "Nächste"} ${pages[kind][0]}`,
    of: (place, total) => `${place} von ${total}`,
    gone: "Diese Datei wurde gelöscht. Das sind die Wörter, die aus ihr zitiert wurden:",
    goneBare:
      "Diese Datei gibt es nicht; vielleicht wurde sie gelöscht. Füge sie noch einmal hinzu, um sie zu lesen.",
    blank: (kind) =>
      `${kind === "part" ? "In diesem" : "Auf dieser"} ${pages[kind][0]} steht kein Text.`,
    openTab: "In neuem Tab öffnen",
    save: "Original herunterladen",
    noFrame: "Hier öffnet sich das Original in einem eigenen Tab.",
    notPdf: "Diese Art Datei kann der Browser nicht zeigen; sie lässt sich herunterladen.",
    frame: (name) => `${name}, das Original`,
    marked: " (Hier die zitierten Wörter:) ",
  },

  account: {
    title: "Konto",
    since: (date) => `Dabei seit ${date}`,
    appearance: "Aussehen",
    language: "Sprache",
    theme: "Farben",
    themes: { auto: "Wie das System", light: "Hell", dark: "Dunkel" },
    sessions: "Wo du angemeldet bist",
    thisOne: "diese Sitzung",
    lastUsed: (date) => `zuletzt am ${date}`,
    unknownDevice: "Unbekanntes Gerät",
    endSession: "Abmelden",
    endThis: (device) => `Auf ${device} abmelden`,
    password: "Passwort",
    current: "Bisheriges Passwort",
    next: "Neues Passwort",
    change: "Passwort ändern",
    changed: "Das Passwort ist geändert. Alle anderen Sitzungen sind zu Ende.",
    mustChange:
      "Du hast dich mit einer Einmal-Passphrase angemeldet. Wähle zuerst ein eigenes Passwort.",
    export: "Deine Daten",
    exportText:
      "Ein Zip mit deinem Konto, deinen Dateien, wie du sie hochgeladen hast, und allen Chats.",
    exportDo: "Alles herunterladen",
    exporting: "Wird gepackt …",
    signOut: "Abmelden",
    signOutTitle: "Jetzt abmelden?",
    signOutText: (count) =>
      `${plural(count, "Datei ist", "Dateien sind")} noch unterwegs. Davon bleibt nichts, wenn du dich jetzt abmeldest.`,
    erase: "Konto löschen",
    eraseText: "Löscht das Konto mit allen Dateien und Chats, sofort und endgültig.",
    eraseDo: "Mein Konto löschen …",
    eraseTitle: "Dein Konto löschen?",
    eraseConfirm: "Alles endgültig löschen",
    erasePassword: "Dein Passwort als Beweis, dass du es bist",
    receiptTitle: "Dein Konto ist gelöscht",
    receiptText: "Das wurde gelöscht:",
    receiptLost:
      "Es ist mit allen Dateien und Chats gelöscht. Die Verbindung brach ab, bevor die Liste davon kam. Falls auch der Speicher versagt hat, löscht er die Dateien noch am selben Tag.",
    receiptObjects: "Gespeicherte Dateien",
    receiptPending:
      "Gespeicherte Dateien, die im Lauf des Tages gelöscht werden, weil der Speicher gerade ausfiel",
    receiptRows: {
      users: "Konto",
      sessions: "Sitzungen",
      files: "Dateien",
      pages: "Seiten",
      chunks: "Textstellen",
      chats: "Chats",
      queries: "Fragen",
      daily_usage: "Tageszähler",
      refresh_tokens: "Sitzungsschlüssel",
      sign_in_failures: "Fehlversuche beim Anmelden",
    },
    receiptEnd: "Zur Startseite",
  },
};
