import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import javax.crypto.KeyGenerator;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.xml.security.Init;
import org.apache.xml.security.c14n.Canonicalizer;
import org.apache.xml.security.encryption.XMLCipher;
import org.apache.xml.security.keys.KeyInfo;
import org.apache.xml.security.signature.XMLSignature;
import org.apache.xml.security.transforms.Transforms;
import org.apache.xml.security.transforms.params.InclusiveNamespaces;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Apache Santuario, the library of the Java services that Cl@ve talks to, judges our signatures and encryption and makes its own.
 * Each argument is a file of one job, a value per line: "verify", certificate, document; "sign", key, key type, certificate, signature algorithm,
 * digest algorithm, PrefixList or "-", document, result; "decrypt", key, document, result; "encrypt", certificate, content algorithm, its bits, key
 * transport, digest or "-", mask or "-", document, result. It answers a line per job: "ok" or why not.
 */
public class Judge {
    public static void main(String[] jobs) throws Exception {
        Security.addProvider(new BouncyCastleProvider()); // for RSASSA-PSS
        Init.init();
        for (String job : jobs) {
            String[] a = Files.readString(Path.of(job)).strip().split("\n");
            try {
                System.out.println(run(a) ? "ok" : "invalid");
            } catch (Exception e) {
                System.out.println(e.toString().replace('\n', ' '));
            }
        }
    }

    static boolean run(String[] a) throws Exception {
        switch (a[0]) {
            case "verify":
                return verify(certificate(a[1]), read(a[2]));
            case "sign":
                sign(a, read(a[7]));
                return true;
            case "decrypt":
                decrypt(a, read(a[2]));
                return true;
            case "encrypt":
                encrypt(a, read(a[7]));
                return true;
            default:
                return false;
        }
    }

    static boolean verify(X509Certificate certificate, Document doc) throws Exception {
        Element signature = (Element) doc.getElementsByTagNameNS("http://www.w3.org/2000/09/xmldsig#", "Signature").item(0);
        return new XMLSignature(signature, "", true).checkSignatureValue(certificate);
    }

    static void sign(String[] a, Document doc) throws Exception {
        PrivateKey key = key(a[2], a[1]);
        Element root = doc.getDocumentElement();
        XMLSignature signature = new XMLSignature(doc, "", a[4], Canonicalizer.ALGO_ID_C14N_EXCL_OMIT_COMMENTS);
        root.insertBefore(signature.getElement(), root.getFirstChild());
        Transforms transforms = new Transforms(doc);
        transforms.addTransform(Transforms.TRANSFORM_ENVELOPED_SIGNATURE);
        transforms.addTransform(Transforms.TRANSFORM_C14N_EXCL_OMIT_COMMENTS);
        if (!a[6].equals("-")) {
            transforms.item(1).getElement().appendChild(new InclusiveNamespaces(doc, a[6]).getElement());
        }
        signature.addDocument("#" + root.getAttribute("ID"), transforms, a[5]);
        signature.addKeyInfo(certificate(a[3]));
        signature.sign(key);
        write(doc, a[8]);
    }

    static void decrypt(String[] a, Document doc) throws Exception {
        Element data = (Element) doc.getElementsByTagNameNS("http://www.w3.org/2001/04/xmlenc#", "EncryptedData").item(0);
        XMLCipher cipher = XMLCipher.getInstance();
        cipher.init(XMLCipher.DECRYPT_MODE, null);
        cipher.setKEK(key("RSA", a[1]));
        write(cipher.doFinal(doc, data), a[3]);
    }

    static void encrypt(String[] a, Document doc) throws Exception {
        var generator = KeyGenerator.getInstance("AES");
        generator.init(Integer.parseInt(a[3]));
        var content = generator.generateKey();
        XMLCipher transport = a[5].equals("-") ? XMLCipher.getInstance(a[4]) : XMLCipher.getInstance(a[4], null, a[5]);
        transport.init(XMLCipher.WRAP_MODE, certificate(a[1]).getPublicKey());
        KeyInfo info = new KeyInfo(doc);
        info.add(transport.encryptKey(doc, content, a[6].equals("-") ? null : a[6], null));
        XMLCipher cipher = XMLCipher.getInstance(a[2]);
        cipher.init(XMLCipher.ENCRYPT_MODE, content);
        cipher.getEncryptedData().setKeyInfo(info);
        Element assertion = (Element) doc.getElementsByTagNameNS("urn:oasis:names:tc:SAML:2.0:assertion", "Assertion").item(0);
        write(cipher.doFinal(doc, assertion), a[8]);
    }

    static PrivateKey key(String kind, String file) throws Exception {
        return KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(file))));
    }

    static void write(Document doc, String file) throws Exception {
        var transformer = TransformerFactory.newInstance().newTransformer();
        transformer.setOutputProperty(OutputKeys.STANDALONE, "no");
        var out = new StringWriter();
        transformer.transform(new DOMSource(doc), new StreamResult(out));
        Files.writeString(Path.of(file), out.toString());
    }

    static X509Certificate certificate(String file) throws Exception {
        try (var in = Files.newInputStream(Path.of(file))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    static Document read(String file) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Document doc = factory.newDocumentBuilder().parse(file);
        doc.getDocumentElement().setIdAttribute("ID", true);
        return doc;
    }
}
