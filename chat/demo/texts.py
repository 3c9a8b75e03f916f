"""What is said in the demo history. A line of `a` is the agent's, one of `v` the visitor's."""

from typing import NamedTuple


class Dialogue(NamedTuple):
    """A conversation: the topic it was about and what was said."""

    topic: str
    lines: tuple[tuple[str, str], ...]
    score: int = 0
    comment: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


class Person(NamedTuple):
    """A visitor."""

    name: str
    email: str
    device: str


SHOP_TOPICS = (
    ("order", "Sipariş takibi", "Order tracking", "orders"),
    ("return", "İade ve değişim", "Returns and exchanges", "orders"),
    ("payment", "Ödeme ve fatura", "Payment and invoice", "orders"),
    ("product", "Ürün soruları", "Product questions", "products"),
    ("campaign", "Kampanyalar", "Campaigns", "products"),
)
CLOUD_TOPICS = (
    ("start", "Başlangıç", "Getting started", "cloud"),
    ("technical", "Teknik sorun", "Technical problem", "cloud"),
    ("billing", "Faturalandırma", "Billing", "orders"),
    ("security", "Hesap ve güvenlik", "Account and security", "cloud"),
)

SHOP_PEOPLE = (
    Person("Zeynep Arslan", "zeynep.arslan@example.com", "Chrome · Android"),
    Person("Hüseyin Şahin", "huseyin.sahin@example.com", "Chrome · Windows"),
    Person("Gülşah Öztürk", "gulsah.ozturk@example.com", "Mobile Safari · iOS"),
    Person("İbrahim Işık", "ibrahim.isik@example.com", "Firefox · Windows"),
    Person("Ayşe Nur Çelik", "", "Chrome · Android"),
    Person("Oğuzhan Yıldız", "oguzhan.yildiz@example.com", "Edge · Windows"),
    Person("Çağla Demir", "cagla.demir@example.com", "Safari · macOS"),
    Person("Ümit Koç", "", "Chrome · Windows"),
    Person("Fatma Güneş", "fatma.gunes@example.com", "Samsung Internet · Android"),
    Person("Şule Aydın", "sule.aydin@example.com", "Mobile Safari · iOS"),
)
CLOUD_PEOPLE = (
    Person("Daniel Fischer", "daniel.fischer@example.com", "Chrome · macOS"),
    Person("Priya Raman", "priya.raman@example.com", "Firefox · Linux"),
    Person("Owen Clarke", "owen.clarke@example.com", "Edge · Windows"),
    Person("Sofia Marino", "sofia.marino@example.com", "Safari · macOS"),
    Person("Emre Tan", "emre.tan@example.com", "Chrome · Windows"),
    Person("Hannah Lee", "", "Mobile Safari · iOS"),
)

SHOP_DIALOGUES = (
    Dialogue(
        "order",
        (
            ("v", "Merhaba, 48213 numaralı siparişim nerede acaba? Üç gündür kargoda görünüyor."),
            ("a", "Merhaba, hemen bakıyorum."),
            ("a", "Siparişiniz İstanbul Anadolu aktarma merkezinde. Yarın 18.00'e kadar teslim."),
            ("v", "Yarın evde olmayacağım, komşuya bırakılabilir mi?"),
            ("a", "Kargo notuna ekledim: 12 numaraya bırakılacak. Size de SMS gelecek."),
            ("v", "Çok teşekkür ederim, süpersiniz"),
        ),
        score=5,
        comment="Hızlı ve çözüm odaklı.",
    ),
    Dialogue(
        "return",
        (
            ("v", "Aldığım ayakkabı küçük geldi. 42 numarayla değiştirebilir miyim?"),
            ("a", "Elbette. Ürün 14 gün içinde ve kullanılmamışsa değişim ücretsiz."),
            ("v", "Hiç giymedim, etiketi üzerinde."),
            ("a", "Değişim kodunuz: DGS-7741. Paketi en yakın şubeye bu kodla bırakabilirsiniz."),
            ("v", "42 numara stokta var değil mi?"),
            ("a", "Var, sizin için ayırdım. Paket bize ulaşınca aynı gün çıkacak."),
            ("v", "Harika, sağ olun."),
        ),
        score=5,
        tags=("beden", "değişim"),
    ),
    Dialogue(
        "payment",
        (
            ("v", "Kartımdan iki kez çekim yapılmış, toplam 1.298 TL fazla görünüyor."),
            ("a", "Endişelenmeyin, kontrol ediyorum. Siparişinizin numarasını yazar mısınız?"),
            ("v", "50177"),
            ("a", "İlk işlem onay almamış, provizyonda bekliyor. Bankanız 1-3 günde kaldırır."),
            ("v", "Yani ayrıca bir şey yapmama gerek yok?"),
            ("a", "Gerek yok. Üç gün içinde düşmezse bu sohbeti yeniden açmanız yeterli."),
        ),
        score=4,
        note="Provizyon bankada; 50177 için ikinci tahsilat yok.",
        tags=("çift çekim",),
    ),
    Dialogue(
        "product",
        (
            ("v", "Bu kahve makinesi çekirdek öğütüyor mu yoksa sadece kapsülle mi çalışıyor?"),
            ("a", "Bu model çekirdek öğütür, kapsül kullanmaz. Öğütme ayarı beş kademeli."),
            ("v", "Peki süt köpürtücüsü ayrı mı satılıyor?"),
            ("a", "Hayır, kutunun içinde. Ayrıca iki yıl garantili."),
            ("v", "Tamamdır, sipariş veriyorum"),
        ),
        score=5,
        comment="Sorularıma net yanıt aldım.",
    ),
    Dialogue(
        "campaign",
        (
            ("v", "GÜZ25 kodu sepetimde çalışmıyor."),
            ("a", "Merhaba, sepetinizde hangi ürünler var?"),
            ("v", "Bir mont bir de kulaklık"),
            ("a", "Kod giyimde geçerli; kulaklığı ayrı siparişle alırsanız montta çalışır."),
            ("v", "Keşke kampanya sayfasında yazsaydı."),
            ("a", "Haklısınız, ekibe ilettim; metni bugün netleştireceğiz."),
        ),
        score=3,
        comment="Sonuç iyi ama koşullar açık değildi.",
    ),
    Dialogue(
        "order",
        (
            ("v", "siparişimi iptal etmek istiyorum henüz kargoya verilmemiş"),
            ("a", "Merhaba, 51006 numaralı siparişiniz için mi?"),
            ("v", "evet"),
            ("a", "İptal ettim. 649 TL bir ila üç iş günü içinde kartınıza iade edilir."),
        ),
        score=4,
    ),
    Dialogue(
        "return",
        (
            ("v", "Gelen vazo kırık çıktı, kutusu da ezilmişti. Fotoğrafı var."),
            ("a", "Çok üzgünüm. Fotoğrafı buraya bırakır mısınız? Yenisini hemen çıkaralım."),
            ("v", "Gönderdim"),
            ("a", "Yeni vazo bugün yola çıkıyor; kırık olanı geri göndermenize gerek yok."),
            ("v", "Bu kadar kolay olacağını düşünmemiştim, teşekkürler!"),
        ),
        score=5,
        comment="Hiç uğraştırmadınız.",
        note="Kargo hasarı; tutanak istendi.",
    ),
)

CLOUD_DIALOGUES = (
    Dialogue(
        "start",
        (
            ("v", "Hi, I've just signed up. How do I invite my team?"),
            ("a", "Welcome! Open Settings, then People, and paste their e-mail addresses."),
            ("v", "Do invited people count as paid seats at once?"),
            ("a", "Only once they accept. Pending invitations are free."),
            ("v", "Perfect, thank you."),
        ),
        score=5,
    ),
    Dialogue(
        "technical",
        (
            ("v", "Our webhook stopped receiving events about an hour ago."),
            ("a", "Thanks for telling us. Which region is your workspace in?"),
            ("v", "eu-central"),
            ("a", "Your endpoint answers 502 since 09:12; deliveries are being retried."),
            ("v", "Oh, we deployed at 09:10. Rolling back now."),
            ("a", "Deliveries succeed again. The 214 waiting events will arrive in a few minutes."),
            ("v", "Confirmed, they're coming in. Great help."),
        ),
        score=5,
        comment="Found our bug before we did.",
        note="Endpoint broke with their deploy; nothing wrong on our side.",
    ),
    Dialogue(
        "billing",
        (
            ("v", "Can I get an invoice with our VAT number on it?"),
            ("a", "Sure. Add it under Billing; past invoices can then be downloaded with it."),
            ("v", "Works, thanks!"),
        ),
        score=4,
    ),
    Dialogue(
        "security",
        (
            ("v", "I lost my phone and can't get past two-factor sign-in."),
            ("a", "I'm sorry to hear that. Do you still have one of your recovery codes?"),
            ("v", "Yes, printed, in a drawer somewhere. Give me a minute."),
            ("v", "Found them. I'm in."),
            ("a", "Good. Please remove the old device and register the new one in your profile."),
        ),
        score=5,
    ),
    Dialogue(
        "technical",
        (
            ("v", "The export has been stuck at 80 % since this morning."),
            ("a", "Let me look at the job."),
            ("a", "One attachment of 2 GB blocks it. I've restarted the job without it."),
            ("v", "It finished now. Will the large file be fixed?"),
            ("a", "Our engineers have it; I'll write to you by e-mail when it's done."),
        ),
        score=3,
        comment="Solved, but it took a morning.",
    ),
)

ABANDONED = {
    "tr": ("Merhaba, orada kimse var mı?", "fatura kesilmemiş siparişime", "kargo ücreti ne kadar"),
    "en": ("Hello? Anyone there?", "Quick question about pricing"),
}

# (brand, topic, subject and text, agent's answer or nothing, status, type, priority)
OFFLINE = (
    (
        "shop",
        "return",
        "Geçen hafta aldığım blender çalışmıyor, garanti kapsamında değişim istiyorum. "
        "Fatura numarası PZR-20418.",
        "",
        "new",
        "complaint",
        "high",
    ),
    (
        "shop",
        "payment",
        "Şirket adına fatura düzenlenmesini rica ediyorum. Vergi dairesi Kadıköy.",
        "Faturanız şirket bilgilerinizle yeniden düzenlendi ve e-postanıza gönderildi.",
        "resolved",
        "request",
        "normal",
    ),
    (
        "shop",
        "order",
        "Siparişim eksik geldi: üç paket çay yerine iki paket çıktı.",
        "Eksik paket için çok özür dileriz, bugün kargoya verdik. Takip numarası yarın ulaşacak.",
        "open",
        "complaint",
        "normal",
    ),
    (
        "cloud",
        "technical",
        "The API answers 429 although we are far below the documented limit. Workspace: larkspur.",
        "",
        "new",
        "question",
        "urgent",
    ),
    (
        "cloud",
        "billing",
        "Please move us to yearly billing from next month on.",
        "Done: yearly billing starts on the first, the difference is credited.",
        "resolved",
        "request",
        "low",
    ),
)

# (shortcut, title, body, language, brand or nothing)
CANNED = (
    ("selam", "Karşılama", "Merhaba, size nasıl yardımcı olabilirim?", "tr", ""),
    ("bekle", "Kontrol ediyorum", "Hemen kontrol ediyorum, bir dakikanızı rica ederim.", "tr", ""),
    (
        "iade",
        "İade koşulları",
        "Kullanılmamış ürünleri 14 gün içinde ücretsiz iade edebilirsiniz. "
        "İade kodunu oluşturup size yazıyorum.",
        "tr",
        "shop",
    ),
    (
        "kargo",
        "Kargo süresi",
        "Siparişler 24 saat içinde kargoya verilir, teslimat 1-3 iş günü sürer.",
        "tr",
        "shop",
    ),
    (
        "fatura",
        "E-fatura",
        "E-faturanız kayıtlı e-posta adresinize gönderilir; hesabınızdan da indirebilirsiniz.",
        "tr",
        "shop",
    ),
    ("kapanis", "Kapanış", "Yardımcı olabildiysek ne mutlu. İyi günler dileriz.", "tr", ""),
    ("hello", "Greeting", "Hello, how can I help you?", "en", ""),
    ("check", "Looking into it", "Let me look into this, it will only take a minute.", "en", ""),
    (
        "invite",
        "Invite people",
        "Open Settings, then People, and add the e-mail addresses of your team.",
        "en",
        "cloud",
    ),
    (
        "status",
        "Status page",
        "We publish every incident on our status page, with its cause and what we changed.",
        "en",
        "cloud",
    ),
    ("bye", "Closing", "Glad I could help. Have a nice day.", "en", ""),
)
