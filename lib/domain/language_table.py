"""What is known of each language: its script, its commonest words and letters, its one fixed sentence."""

# ruff: noqa: RUF001 - many scripts are the point

from typing import NamedTuple


class Language(NamedTuple):
    code: str  # ISO 639-1
    script: str
    regconfig: str  # a text search configuration of stock Postgres
    not_found: str  # "I could not find this in your files."
    words: str = ""  # the commonest function words, those of questions among them; a lone letter may be a formula's
    letters: str = (
        ""  # letters its neighbours in the script do not have; without words, its commonest
    )


LANGUAGES = (
    Language(
        "en", "latin", "english",
        "I could not find this in your files.",
        "the of and to in is that it was for are as with his they at be this have from or by not but what which who how why when where does do did can an there their were been has had would about will you your between these into than explain describe define compare list we my",
    ),
    Language(
        "de", "latin", "german",
        "Das konnte ich in deinen Dateien nicht finden.",
        "der die das und ist von zu den mit sich des ein eine einer einem einen dem nicht auf für im es an auch als werden aus er hat dass sie nach wird bei was wie warum wer wo wann welche welcher welches wurde sind oder aber zwischen zum zur durch kann über wofür erkläre gibt man wir ich",
        "ßäöü",
    ),
    Language(
        "fr", "latin", "french",
        "Je n’ai pas trouvé cela dans vos fichiers.",
        "le la les de des du un une et est que qui dans pour par sur pas ne au aux avec ce cette ces il elle ils sont ou où plus comment pourquoi quand quel quelle quels quelles quoi qu l' d' c' n' s' j' qu' jusqu' se sa son ses leur mais nous vous je été entre fait comme être peut explique donne dont",
        "çêèœàûùîâë",
    ),
    Language(
        "es", "latin", "spanish",
        "No he podido encontrar esto en tus archivos.",
        "el la los las de del en que un una es se por con no para al lo como más su sus qué cómo cuál cuáles quién quiénes dónde cuándo cuánto cuántos por porque fue son pero entre está este esta esto estos ser ha han hay sobre también yo muy explica cuando",
        "ñ¿¡áíóú",
    ),
    Language(
        "it", "latin", "italian",
        "Non ho trovato questo nei tuoi file.",
        "il lo la gli le di del della dei delle dello è che un una in per con non si da dal dalla al alla nel nella sono come più cosa perché quando quale quali chi dove quanto quanti l' un' dell' all' nell' d' c' cos' qual questo questa ma anche tra fra essere ha hanno su sul sulla spiega viene ci",
        "ìòèàù",
    ),
    Language(
        "pt", "latin", "portuguese",
        "Não encontrei isto nos seus ficheiros.",
        "os as de do da dos das em que um uma é se por com não para ao à no na nos nas como mais seu sua seus suas qual quais quem onde quando quanto quantos porquê porque foi são ou mas entre este esta isto ser tem há pelo pela também eu muito explique está às",
        "ãõçâêôà",
    ),
    Language(
        "nl", "latin", "dutch",
        "Ik kon dit niet vinden in je bestanden.",
        "de het een en van is dat op te in niet met voor zijn er aan die hij ook als bij uit door naar maar wat hoe waarom wie waar wanneer welke welk wordt worden werd was om of tussen deze dit kan heeft hebben je ik we wij over tot nog geen leg",
    ),
    Language(
        "sv", "latin", "swedish",
        "Jag kunde inte hitta detta i dina filer.",
        "och att det som en ett på är av för med till den inte om de har var från kan hur vad varför vem vilken vilka vilket när där eller men mellan ska blir blev så också under efter jag vi man sig sin sitt sina detta dessa denna förklara vid genom mycket någon",
        "äöå",
    ),
    Language(
        "da", "latin", "danish",
        "Jeg kunne ikke finde dette i dine filer.",
        "og at det som en et på er af for med til den ikke om de har var fra kan hvordan hvad hvorfor hvem hvilken hvilke hvilket hvornår hvor når eller men mellem skal bliver blev så også under efter jeg vi man sig sin sit dette disse denne forklar ved gennem meget nogle noget kun uden være mig fandt siger",
        "æøå",
    ),
    Language(
        "no", "latin", "norwegian",
        "Jeg fant ikke dette i filene dine.",
        "og at det som en et ei på er av for med til den ikke om de har var fra kan hvordan hva hvorfor hvem hvilken hvilke hvilket når hvor eller men mellom skal blir ble så også under etter jeg vi man seg sin sitt dette disse denne forklar ved gjennom mye noen noe bare uten være meg fant sier",
        "æøå",
    ),
    Language(
        "fi", "latin", "finnish",
        "En löytänyt tätä tiedostoistasi.",
        "ja on ei että se hän oli ovat mutta tai kun kuin myös joka jotka mikä mitä miten miksi kuka missä milloin mitkä kuinka onko sen ne tämä tämän nämä ole olla voi sekä niin jos sitä hänen vain sekä noin välillä mukaan kanssa jossa minä selitä ovatko millainen en tätä tästä",
        "äö",
    ),
    Language(
        "tr", "latin", "turkish",
        "Bunu dosyalarınızda bulamadım.",
        "ve bir bu da de için ile olarak olan çok daha gibi en ne nasıl neden niçin nedir kim nerede hangi kaç mi mı mu mü değil var yok ki ama veya kadar sonra göre her şey arasında arasındaki tarafından oldu olduğu eder ise kimdir midir ben açıkla ya",
        "ğşıçöü",
    ),
    Language(
        "ro", "latin", "romanian",
        "Nu am găsit acest lucru în fișierele tale.",
        "și şi de la în al ale cu nu un este pe care din că să se pentru mai ce cum cine unde când cât câte câți sau dar sunt prin fost între acest această acestea lui lor fi au are după ca fără despre asupra eu explică într printr dintre",
        "ășțţşîâ",
    ),
    Language(
        "pl", "latin", "simple",
        "Nie udało mi się znaleźć tego w twoich plikach.",
        "na do się nie jest to że co jak dlaczego kto gdzie kiedy który która które jakie jaki jaka ile czy od po za przez dla są był była było oraz lub albo ale między jego jej ich tym tego ten ta może tylko także przy ja wyjaśnij być czym",
        "łąęśżźćńó",
    ),
    Language(
        "cs", "latin", "simple",
        "Toto jsem ve vašich souborech nenašel.",
        "na je se do že to jak co proč kdo kde kdy který která které jaký jaká jaké kolik pro nebo ale od po za ve při není jsou byl byla bylo být mezi jeho její jejich tento tato toto také jako má podle až aby já vysvětli si",
        "ěřůčžšýťďň",
    ),
    Language(
        "hu", "latin", "hungarian",
        "Ezt nem találtam meg a fájljaidban.",
        "az és hogy nem is egy van meg de ez mi mit hogyan miért ki hol mikor milyen mennyi hány melyik mely vagy csak mint már volt lesz lehet között azt ezt ami amely aki kell után szerint által még ha mert én sem magyarázd mivel nagyon",
        "őűáéíóöüú",
    ),
    Language(
        "id", "latin", "indonesian",
        "Saya tidak menemukan ini di berkas Anda.",
        "yang dan di dari ke untuk pada dengan adalah ini itu tidak dalam oleh sebagai akan atau juga apa bagaimana mengapa siapa kapan mana berapa karena dapat bisa ada antara lebih telah saya kita mereka oleh seperti apakah jelaskan setelah secara dimana",
    ),
    Language(
        "vi", "latin", "simple",
        "Tôi không tìm thấy điều này trong các tệp của bạn.",
        "là của và các có được trong một cho những với không này người đã để khi từ thì về như ở ra đến cũng gì nào sao thế ai đâu bao nhiêu tại vì hay nhưng giữa bởi trên theo bị tôi",
        "đơưăâêôạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    ),
    Language(
        "ru", "cyrillic", "russian",
        "Я не нашёл этого в ваших файлах.",
        "и в не на что как с по это из к от для а он она они его её их у же но или при так также который которая которые чем где когда почему зачем кто какой какая какие каков сколько между был была было были есть может все о об до во я ли является",
        "ыэъё",
    ),
    Language(
        "uk", "cyrillic", "simple",
        "Я не знайшов цього у ваших файлах.",
        "і та в у не на що як з із по це до від для а він вона вони його її їх але або при так також який яка які чим де коли чому навіщо хто скільки між був була було були є може всі про за й я чи щоб під цього цьому",
        "іїєґ",
    ),
    Language(
        "bg", "cyrillic", "simple",
        "Не намерих това във вашите файлове.",
        "и в не на че как с по това от за а той тя те го я ги но или при така също който която които чем къде кога защо кой какво каква какви колко между беше са е може да се до във със аз ли като бъде",
        "ъщ",
    ),
    Language(
        "ar", "arabic", "arabic",
        "لم أجد هذا في ملفاتك.",
        "في من على إلى أن ما هو هي هذا هذه التي الذي عن مع كان كانت لا كيف لماذا متى أين كم هل أو و ثم بين كل ذلك قد لم لماذا ماذا بعد غير عند",
        "ةيكىأإؤئ",
    ),
    Language(
        "fa", "arabic", "simple",
        "این را در پرونده‌های شما پیدا نکردم.",
        "در از به که این آن و را با است برای یک چه چگونه چرا کجا کی کدام چند می ها شد بود تا یا هر بین هم نیز چیست کند شود آیا",
        "پچژگیک",
    ),
    Language(
        "ur", "arabic", "simple",
        "مجھے یہ آپ کی فائلوں میں نہیں ملا۔",
        "کے کی کا میں ہے اور سے کو نے یہ وہ پر کہ ہیں کیا کیوں کیسے کب کہاں کون تھا تھے نہیں بھی ایک تو جو ہو",
        "ٹڈڑںےھہ",
    ),
    Language(
        "el", "greek", "greek",
        "Δεν το βρήκα στα αρχεία σας.",
        "και το της η ο του τα των με σε για από είναι που να τη την τον στην στο τι πώς γιατί οι ένα μια δεν θα",
    ),
    Language(
        "he", "hebrew", "simple",
        "לא מצאתי זאת בקבצים שלך.",
        "של את על הוא היא זה לא מה איך למה עם כי גם או אם יש אין הם בין אל כל",
    ),
    Language("hi", "devanagari", "hindi", "मुझे यह आपकी फ़ाइलों में नहीं मिला।"),
    Language("th", "thai", "simple", "ฉันไม่พบสิ่งนี้ในไฟล์ของคุณ", letters="าเแโไี่้ั"),
    Language("ko", "hangul", "simple", "파일에서 이 내용을 찾을 수 없습니다.", letters="이다는을의에가고하은를"),
    Language("ja", "kana", "simple", "これはファイルの中に見つかりませんでした。", letters="のにはをたがでてとしれさあるい"),
    Language("zh", "han", "simple", "我在您的文件中没有找到相关内容。", letters="的一是不了在人有我他这這中来來上个個们們"),
)  # fmt: skip
