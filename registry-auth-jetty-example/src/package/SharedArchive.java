// Copyright the Registry Auth authors
// SPDX-License-Identifier: Apache-2.0

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes archives of class data (CDS), so that the JVM need not read, verify and link the server's
 * classes at each start. The build runs it, with registry-auth.jar as class path:
 *
 * <ul>
 *   <li>{@code jar JAR ARCHIVE}: for {@code java -XX:SharedArchiveFile=ARCHIVE -jar JAR}, by the
 *       JVM that runs this.
 *   <li>{@code image ARCHITECTURE APP CLASSES CLASSPATH}: in the folder APP, which becomes {@code /app}, a
 *       runtime ({@code runtime}) and the archive for it ({@code registry-auth.jsa}). CLASSES is
 *       the module's own jar; CLASSPATH begins with its folder of classes.
 * </ul>
 *
 * What gets into an archive is what a server loads that is started on Kubernetes with TLS, answers
 * each kind of request, and is told to end.
 */
final class SharedArchive {
  private static final int LIMIT_SECONDS = 120;
  private static final String MAIN = "io.registryauth.server.Main";

  /**
   * What jdeps says of registry-auth.jar; and EC keys, flight recordings, agents. Without the data
   * of other languages, which Jetty would go through at its start.
   */
  private static final String MODULES =
      "java.desktop,java.instrument,java.naming,java.net.http,java.security.jgss,java.sql,"
          + "jdk.crypto.ec,jdk.jfr,jdk.management,jdk.unsupported";

  /** That of all files in the image; the JVM compares it. */
  private static final FileTime IMAGE_TIME = FileTime.fromMillis(1000);

  private static final Pattern LISTENING = Pattern.compile("listening on https://\\S+:(\\d+)");
  private static final Pattern MANAGEMENT = Pattern.compile("management on http://\\S+:(\\d+)");
  private static final String HOST = "127.0.0.1";
  private static final String TENANT = "test-build";
  private static final String PASSWORD = "test-password-123";

  private final Path work;

  private SharedArchive(Path work) {
    this.work = work;
  }

  /** Does it, and prints one line. */
  public static void main(String[] args) throws Exception {
    Path work = Files.createTempDirectory("registry-auth-archive-");
    try {
      SharedArchive build = new SharedArchive(work);
      Path archive =
          switch (args[0]) {
            case "jar" -> build.forJar(Path.of(args[1]), Path.of(args[2]));
            case "image" -> build.forImage(args[1], Path.of(args[2]), Path.of(args[3]), args[4]);
            default -> throw new IllegalArgumentException(args[0] + "; valid are jar and image");
          };
      System.out.printf("%s: %,d KiB%n", archive, Files.size(archive) / 1024);
    } finally {
      delete(work);
    }
  }

  private Path forJar(Path jar, Path archive) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    train(java, work, jar.toAbsolutePath().toString(), archive.toAbsolutePath());
    return archive;
  }

  private Path forImage(String architecture, Path app, Path classes, String classPath)
      throws Exception {
    String here = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
    String there = "Linux on " + (architecture.equals("arm64") ? "aarch64" : architecture);
    if (!here.equals(there)) {
      throw new IllegalArgumentException(
          "An image for %s is not built on %s, since its runtime is that of the JDK here; leave it out by"
              .formatted(there, here)
              + " -Dimage.files.skip -Dimage.without-base.skip, or set -Dimage.architecture");
    }
    delete(app);
    Path runtime = app.resolve("runtime");
    run(
        ToolProvider.findFirst("jlink").orElseThrow(),
        List.of(
            "--add-modules=" + MODULES, "--no-header-files", "--no-man-pages", "--output=" + runtime));
    Path java = runtime.resolve("bin/java");
    Path archive = app.resolve("registry-auth.jsa").toAbsolutePath();
    // The JVM takes class paths for the same that name the same files: by names that are relative
    // to the folder, the files here and those in /app are.
    Path copy = Files.createDirectories(work.resolve("app"));
    List<String> names = new ArrayList<>();
    names.add(copy(classes, copy, "classpath"));
    for (String jar : classPath.split(File.pathSeparator)) {
      if (jar.endsWith(".jar")) {
        names.add(copy(Path.of(jar), copy, "libs"));
      }
    }
    train(java.toAbsolutePath(), copy, String.join(File.pathSeparator, names), archive);
    return archive;
  }

  private static String copy(Path jar, Path app, String folder) throws IOException {
    Path copy = Files.createDirectories(app.resolve(folder)).resolve(jar.getFileName());
    Files.copy(jar, copy, StandardCopyOption.REPLACE_EXISTING);
    Files.setLastModifiedTime(copy, IMAGE_TIME);
    return folder + "/" + jar.getFileName();
  }

  private static void run(ToolProvider tool, List<String> arguments) {
    int status = tool.run(System.out, System.err, arguments.toArray(String[]::new));
    if (status != 0) {
      throw new IllegalStateException(tool.name() + " has failed with status " + status);
    }
  }

  /** Runs a server that writes down what it loads, and makes an archive of that. */
  private void train(Path java, Path directory, String classPath, Path archive) throws Exception {
    Files.deleteIfExists(archive);
    HttpServer kubernetes = kubernetes();
    try {
      Process server = serve(java, directory, classPath, kubernetes.getAddress().getPort());
      try {
        ask(port(server, LISTENING), port(server, MANAGEMENT));
        server.destroy();
        await(server);
      } finally {
        server.destroyForcibly();
      }
    } finally {
      kubernetes.stop(0);
    }
    // Classes of signed jars are left out in any case, and JDK 17 crashes at what is left of their
    // lambdas.
    Path classes = work.resolve("classes");
    Files.write(
        classes,
        Files.readAllLines(classes).stream()
            .filter(line -> !line.matches("@lambda-proxy (com/amazon/corretto|org/bouncycastle)/.*"))
            .toList());
    await(
        start(
            directory,
            java.toString(),
            "-Xshare:dump",
            "-XX:+UseG1GC", // the only one that also archives objects; others can take them
            "-XX:SharedClassListFile=" + classes,
            "-XX:SharedArchiveFile=" + archive,
            // It lists what it leaves out: classes of Java 5, and those made at run time.
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "-cp",
            classPath));
    if (!Files.exists(archive)) {
      throw new IllegalStateException(java + " has written no " + archive + ":\n" + read());
    }
  }

  private Process serve(Path java, Path directory, String classPath, int kubernetes)
      throws Exception {
    writeKey();
    Files.writeString(
        work.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: it
        clusters: [{name: it, cluster: {server: "http://%s:%d"}}]
        users: [{name: it, user: {token: none}}]
        contexts: [{name: it, context: {cluster: it, user: it, namespace: default}}]
        """
            .formatted(HOST, kubernetes));
    return start(
        directory,
        java.toString(),
        "-XX:DumpLoadedClassList=" + work.resolve("classes"),
        "-cp",
        classPath,
        MAIN,
        "serve",
        "--listen=" + HOST + ":0",
        "--management-listen=" + HOST + ":0",
        "--kubeconfig=" + work.resolve("kubeconfig"),
        "--signing-key=" + work.resolve("tls.key"),
        "--signing-cert=" + work.resolve("tls.crt"),
        "--tls-key=" + work.resolve("tls.key"),
        "--tls-cert=" + work.resolve("tls.crt"));
  }

  private Process start(Path directory, String... command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("output").toFile());
    builder.environment().keySet().retainAll(List.of("PATH", "HOME", "TMPDIR"));
    return builder.start();
  }

  private int port(Process server, Pattern pattern) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (server.isAlive() && System.nanoTime() < deadline) {
      Matcher matcher = pattern.matcher(read());
      if (matcher.find()) {
        return Integer.parseInt(matcher.group(1));
      }
      Thread.sleep(20);
    }
    throw new IllegalStateException("The server does not listen:\n" + read());
  }

  private String read() throws IOException {
    return Files.readString(work.resolve("output"));
  }

  private void await(Process process) throws Exception {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IllegalStateException("It does not end, or not well: " + process.info() + read());
    }
  }

  private void writeKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    X500Principal name = new X500Principal("CN=localhost");
    Instant now = Instant.now();
    byte[] certificate =
        new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(64, new SecureRandom()),
                Date.from(now.minus(1, ChronoUnit.DAYS)),
                Date.from(now.plus(1, ChronoUnit.DAYS)),
                name,
                pair.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withRSA").build(pair.getPrivate()))
            .getEncoded();
    writePem("tls.key", "PRIVATE KEY", pair.getPrivate().getEncoded());
    writePem("tls.crt", "CERTIFICATE", certificate);
  }

  private void writePem(String file, String label, byte[] content) throws IOException {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        work.resolve(file),
        "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(label, base64, label));
  }

  /** An API server that has one Secret. */
  private static HttpServer kubernetes() throws IOException {
    String secret =
        """
        {"kind":"Secret","apiVersion":"v1","type":"Opaque",
        "metadata":{"name":"%s-registry-credentials","namespace":"%s","resourceVersion":"1"},
        "data":{"username":"%s","password":"%s"}}
        """
            .formatted(TENANT, TENANT, base64(TENANT), base64(PASSWORD));
    String none =
        """
        {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,
        "details":{"name":"%s","kind":"secrets"}}
        """;
    HttpServer server = HttpServer.create(new InetSocketAddress(HOST, 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          String name = path.substring(path.lastIndexOf('/') + 1);
          boolean found = name.equals(TENANT + "-registry-credentials");
          byte[] body = (found ? secret : none.formatted(name)).getBytes(UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(found ? 200 : 404, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  private static void ask(int clients, int management) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustAll()}, null);
    HttpClient client = HttpClient.newBuilder().sslContext(context).build();
    String base = "https://" + HOST + ":" + clients;
    String scope = "scope=repository:" + TENANT + "/app:pull,push";
    URI auth = URI.create(base + "/auth?service=docker-registry&" + scope);
    String form = "grant_type=password&service=docker-registry&client_id=build&" + scope;
    HttpRequest.BodyPublisher body =
        HttpRequest.BodyPublishers.ofString(form + "&username=" + TENANT + "&password=" + PASSWORD);
    String basic = "Basic " + base64(TENANT + ":" + PASSWORD);
    String wrong = "Basic " + base64(TENANT + ":wrong");
    HttpRequest.Builder metrics =
        HttpRequest.newBuilder(URI.create("http://" + HOST + ":" + management + "/metrics"));
    HttpRequest.Builder ready =
        HttpRequest.newBuilder(URI.create("http://" + HOST + ":" + management + "/readyz"));
    expect(200, client, HttpRequest.newBuilder(auth).header("Authorization", basic));
    expect(200, client, HttpRequest.newBuilder(auth).header("Authorization", basic));
    expect(401, client, HttpRequest.newBuilder(auth).header("Authorization", wrong));
    expect(401, client, HttpRequest.newBuilder(auth));
    expect(
        200,
        client,
        HttpRequest.newBuilder(URI.create(base + "/token"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(body));
    expect(200, client, HttpRequest.newBuilder(URI.create(base + "/jwks.json")));
    expect(200, client, metrics);
    // It asks the store for that, by itself.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (status(client, ready) != 200 && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    expect(200, client, ready);
  }

  private static int status(HttpClient client, HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private static void expect(int status, HttpClient client, HttpRequest.Builder request)
      throws Exception {
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != status) {
      throw new IllegalStateException(
          response + ", and not " + status + ": " + response.body());
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The certificate is of a name that the client does not come by. */
  private static final class TrustAll extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
