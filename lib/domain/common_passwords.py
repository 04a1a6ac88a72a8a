"""What passwords are made of when nobody thinks: words, walks over the keyboard, series.

Only what is at least this common belongs here: four unrelated words of any dictionary must stay a good
password.
"""

# Each stands for itself.
WORDS = """
password passwd passwort passwords passphrase parola parole contraseña contrasena clave motdepasse
motdepass senha wachtwoord kennwort geheim geheimnis secret secreto segredo пароль lozinka haslo
hasło heslo salasana losenord lösenord adgangskode şifre sifre 密码 密碼 パスワード 비밀번호 jelszo
welcome willkommen bienvenue bienvenido bienvenidos benvenuto bemvindo hello hallo hola bonjour ciao
letmein opensesame sesame changeme changeit default temporary temppass mypassword yourpassword
thepassword newpassword oldpassword nopassword goodpassword strongpassword securepassword
iloveyou iloveu loveyou loveme ilovemyself teamo tequiero jetaime jtaime ichliebedich tiamo mylove
lovely lover forever always babygirl babyboy princess prinzessin princesse princesa sweetheart
sunshine rainbow butterfly flower schatz schatzi mausi amour amor chocolate cookie sugar angel angels
admin administrator root superuser sysadmin user username login logon signin account guest test
tester testing testtest demo sample example student students studenten schüler schueler teacher
lehrer professor profesor prof pupil class classroom classe clase course kurs cours curso school
schule ecole école escuela college university universität universitaet universite universidad
campus lecture lectures vorlesung lecturer homework hausaufgaben exam exams examen klausur semester
freshman senior graduate education learning study studying lectern math maths mathe english deutsch
science physics chemistry biology history library notebook laptop computer internet website online
google facebook instagram whatsapp youtube tiktok twitter snapchat amazon apple microsoft windows
android iphone samsung netflix spotify discord minecraft fortnite roblox pokemon pikachu playstation
nintendo supabase vercel database server network
football futbol fussball fußball soccer baseball basketball hockey tennis volleyball rugby golf
arsenal chelsea liverpool manchester barcelona realmadrid juventus bayern dortmund schalke yankees
cowboys steelers lakers ronaldo messi jordan
monkey dragon tiger lion eagle panther wolf phoenix unicorn kitten puppy pussycat hamster
superman batman spiderman ironman wolverine starwars startrek skywalker yoda matrix pirate ninja
samurai knight wizard harrypotter hogwarts hermione gandalf frodo naruto goku pikapika mickey
mickeymouse snoopy garfield tinkerbell barbie elsa simba
shadow master killer hunter ranger soldier warrior maverick hacker gamer player legend boss king
queen prince viking trustno mustang ferrari porsche mercedes corvette harley yamaha ducati
michael michelle jennifer jessica ashley amanda daniel andrew anthony thomas joshua matthew robert
charlie george jordan justin brandon nicole hannah samantha elizabeth stephanie christian alexander
alexandra sebastian maximilian benjamin william david joseph richard patrick nicholas natalie sophie
sophia emma olivia julia laura anna maria martin andrea andreas stefan peter sandra sabine claudia
carlos jose juan miguel pierre nicolas camille
cheese banana pepper ginger mother father mama papa sister brother family familie familia
friend friends freund amigo amigos freedom whatever nothing something anything everything nobody
please thankyou danke merci gracias goodluck fuckyou fuckoff asshole bitch shit merde scheisse puta
jesus christ jesuschrist jesuslovesme blessed heaven godisgood allah
money dollar gold silver diamond diamonds lucky success winner power happy smile
access granted security secure private topsecret confidential accessgranted
germany deutschland france england america australia canada espana españa mexico brasil italia china
london paris berlin madrid newyork california texas
"""

# Each line is a series: however many of its members follow one another, they count as one.
SERIES = """
january february march april may june july august september october november december
januar februar märz maerz april mai juni juli august september oktober november dezember
janvier février fevrier mars avril mai juin juillet août aout septembre octobre novembre décembre decembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
monday tuesday wednesday thursday friday saturday sunday
montag dienstag mittwoch donnerstag freitag samstag sonntag
lundi mardi mercredi jeudi vendredi samedi dimanche
lunes martes miércoles miercoles jueves viernes sábado sabado domingo
spring summer autumn fall winter
frühling fruehling sommer herbst winter
printemps été ete automne hiver
primavera verano otoño otono invierno
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
null eins zwei drei vier fünf fuenf sechs sieben acht neun zehn elf zwölf zwoelf
zéro un deux trois quatre cinq six sept huit neuf dix onze douze
cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce
red orange yellow green blue indigo violet purple black white
rot orange gelb grün gruen blau lila schwarz weiss
alpha beta gamma delta epsilon zeta theta iota kappa lambda omega
alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa
abc def ghi jkl mno pqr stu vwx xyz
lorem ipsum dolor sit amet consectetur adipiscing elit
foo bar baz qux
the quick brown fox jumps over lazy dog
correct horse battery staple
this that these here it its is are was be am my mine your our his her the an not no very really too so just but and or for to of in on at with you me we long longer longest short strong stronger strongest weak hard easy simple good great best better bad new old first last next own only same real super enough will can cannot cant never ever guess forget remember know have has had
dies das ist sind war mein meine dein deine unser ein eine der die den nicht kein sehr so und oder für zu von im am mit du ich wir lang langes lange länger kurz starkes sicheres schwer leicht gutes bestes neues altes
ceci cela est sont mon ma ton ta notre votre le la les un une pas très et ou pour de du avec je tu nous long longue court fort bon nouveau nouvelle ancien mot passe
esta este esto es son mi tu su nuestra una un la el los no muy para de con yo larga largo corta fuerte segura buena nueva vieja palabra
"""

# Rows of keyboards and the alphabet; any stretch of four keys or more, in either direction.
ROWS = """
qwertyuiop asdfghjkl zxcvbnm qwertzuiopü asdfghjklöä yxcvbnm azertyuiop qsdfghjklm wxcvbn
qazwsxedcrfvtgbyhnujmikolp qwertyuiopasdfghjklzxcvbnm qwertzuiopasdfghjklyxcvbnm
plokimjunhybgtvfrcdexswzaq йцукенгшщзхъ фывапролджэ ячсмитьбю
abcdefghijklmnopqrstuvwxyz
"""
