// Wörter für Passphrasen: kurz, anschaulich, schwer zu verwechseln, ohne Umlaute für jede Tastatur.

export const words = `
abend acker adler ahorn alge allee almwiese ameise amsel ananas angel anker anzug apfel april arbeit
arena arzt asche ast atlas aula auster auto bach backofen bagger bahn balkon ballon bambus banane
band bank bart bauer baum becher beere beet berg besen beton biber biene bild birke birne blatt blau
blech blei blick blitz blume blut boden bogen bohne boje boot borke brand brett brief brille brot
brunnen buch bucht bude bus busch butter clown dach dachs damm dampf degen deich delfin dichter dill
distel docht donner dorf dorn dose drache draht dreieck drossel duft dunkel echo ecke efeu eiche
eichel eidechse eimer eis eisen elch elefant elster ente erbse erde erle ernte esche esel essig eule
fabrik faden falke falter farbe farn fasan feder feige feile feld fels fenster ferien fest feuer
fichte film filz finger fink fisch flagge flamme flasche fleck flieder fliege floh flocke flosse
flug fluss forelle form frosch frost frucht fuchs funke gabel gans garage garn garten gast gebirge
geige geist gelb gemse gepard gerste gewitter gipfel giraffe glas glocke gold granit gras grau
grille grotte gurke hafen hafer hagel hahn hai haken hammer hamster hand harfe hase hasel haus hecht
hecke heft heide helm hemd herbst herd hering himbeere himmel hirsch hirse hof holunder holz honig
horn hose hotel huf hummel hummer hund hut igel iltis imker insel jacke jaguar jahr januar jasmin
juli juni kabel kaffee kahn kaktus kalb kalk kamel kamera kamin kamm kanal kanne kapelle kappe
karotte karte kasten kastanie katze kegel keks keller kerze kessel kette kiefer kies kino kirsche
kissen kiste klavier klee kleid klippe kloster knopf knospe kobalt koch koffer kohle kokos komet
kompass koralle korb kork korn kragen kran kranz kreide kreis kresse kreuz krokus krone krug kuchen
kuckuck kugel kuh kupfer kuppel kurve laden lampe land laterne laub lauch laut lava lavendel leder
lehm leiter lerche licht lilie limone linde linie linse locke loden lorbeer luchs luft lupe lux
magnet mai mais malve mandel mango mantel marder markt marmor mast mauer maus meer meise melone
mensch messer meteor milch minze mittag mohn molch monat mond moor moos morgen mosaik motor mulde
museum musik muskat mutter nacht nadel nagel narzisse nashorn natter nebel nektar nelke nest netz
nickel nixe nord note novelle nuss oase ober obst ofen ohr olive onkel oper orange orgel orkan osten
otter ozean paddel paket palast palme panda panther papagei papier pappel park pause pedal perle
pfad pfanne pfau pfeffer pfeife pfeil pferd pfirsich pflaume pforte pilot pilz pinguin pinsel pirat
planet platz pollen pony post prisma pudel pulver pumpe punkt puppe quader qualle quark quarz quelle
quitte rabe rad radar radio rahmen rakete rasen rauch raum raupe rebe regal regen reh reif reis
reise rentier rettich riff rind ring rinde ritter robbe roggen rohr rose rost rubin ruder ruine saal
sack saft sahne saite salat salbei salz samt sand sattel saum schaf schal schatten schaufel schere
schiff schilf schirm schlange schlitten schloss schnee schrank schraube schuh schule schwan see
segel seide seife seil sellerie senf sense sessel sieb silber socke sofa sommer sonne spaten specht
speer spiegel spiel spinat spinne spitze spule stadt stahl stall stamm star staub stein stempel
steppe stern stiefel stier stirn stoff storch strand strasse strauch strauss strom stube stuhl sturm
sumpf suppe tafel tag tal tango tanne tante tanz tapete tasche tasse taube teer teich teller tempel
teppich tiger tinte tisch tomate ton topf tor torte traube traum treppe trommel truhe tuch tulpe
tunnel turm uhr uhu ulme ufer urlaub vase vater veilchen velo ventil verein vers vogel vulkan waage
wachs wagen wal wald walnuss walzer wand wanne ware wasser watte weg weide weiher wein weizen welle
wespe weste wetter wiese wind winkel winter wolf wolke wolle wurzel zahn zander zange zapfen zaun
zebra zeder zeit zelt zettel ziege ziegel zimt zirkus zitrone zucker zug zunge zweig zwerg zwiebel
`
  .trim()
  .split(/\s+/);
