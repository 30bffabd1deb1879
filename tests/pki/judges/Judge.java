// Prints the names of the cases whose chain Java accepts: java Judge.java FOLDER
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

class Judge {
    static X509Certificate[] chain(Path path) throws Exception {
        try (InputStream in = Files.newInputStream(path)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in)
                .toArray(new X509Certificate[0]);
        }
    }

    static X509TrustManager trusting(X509Certificate[] roots) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (X509Certificate root : roots) {
            store.setCertificateEntry(root.getSubjectX500Principal().getName(), root);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }

    static boolean accepts(Path folder) throws Exception {
        X509TrustManager manager = trusting(chain(folder.resolve("ca.pem")));
        X509Certificate[] shown = chain(folder.resolve("chain.pem"));
        try {
            if (Files.readString(folder.resolve("use")).equals("server")) {
                manager.checkServerTrusted(shown, "ECDHE_ECDSA");
            } else {
                manager.checkClientTrusted(shown, "EC");
            }
            return true;
        } catch (CertificateException refused) {
            return false;
        }
    }

    public static void main(String[] words) throws Exception {
        try (var folders = Files.list(Path.of(words[0]))) {
            for (Path folder : folders.toList()) {
                if (accepts(folder)) System.out.println(folder.getFileName());
            }
        }
    }
}
