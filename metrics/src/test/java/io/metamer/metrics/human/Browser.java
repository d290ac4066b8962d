package io.metamer.metrics.human;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

/** Headless Chromium with a profile of its own, and what a test does with it. */
final class Browser implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /**
   * It misses an interface to the newest browsers that nobody here uses. Held, or it is forgotten.
   */
  private static final Logger SELENIUM = Logger.getLogger("org.openqa.selenium");

  static {
    SELENIUM.setLevel(Level.SEVERE);
  }

  final ChromeDriver driver;
  private final Path downloads;

  private Browser(ChromeDriver driver, Path downloads) {
    this.driver = driver;
    this.downloads = downloads;
  }

  /** A window of a desktop. */
  static Browser desktop(Path temp) throws IOException {
    ChromeOptions options = options(temp);
    options.addArguments("--window-size=1280,800");
    return open(options, temp);
  }

  /** A phone: 390 x 844 at three pixels each, with touch. */
  static Browser phone(Path temp) throws IOException {
    ChromeOptions options = options(temp);
    options.setExperimentalOption(
        "mobileEmulation",
        Map.of(
            "deviceMetrics",
            Map.of("width", 390, "height", 844, "pixelRatio", 3.0, "touch", true),
            "userAgent",
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"));
    return open(options, temp);
  }

  private static ChromeOptions options(Path temp) throws IOException {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(onPath("chromium", "chromium-browser", "google-chrome").toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--user-data-dir=" + Files.createTempDirectory(temp, "profile"));
    options.setExperimentalOption(
        "prefs",
        Map.of(
            "download.default_directory",
            Files.createDirectories(temp.resolve("downloads")).toString(),
            "download.prompt_for_download",
            false));
    return options;
  }

  private static Browser open(ChromeOptions options, Path temp) {
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(onPath("chromedriver").toFile())
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options), temp.resolve("downloads"));
  }

  private static Path onPath(String... programs) {
    for (String program : programs) {
      for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
        Path file = Path.of(folder, program);
        if (Files.isExecutable(file)) {
          return file;
        }
      }
    }
    throw new IllegalStateException(
        "expected one of %s on the path; Debian has them in chromium and chromium-driver"
            .formatted(List.of(programs)));
  }

  /** Waits until something is there. */
  <T> T await(String what, Supplier<T> condition) {
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      T there = condition.get();
      if (there != null) {
        return there;
      }
      if (Instant.now().isAfter(end)) {
        throw new AssertionError(
            "waited for %s on this page: %s"
                .formatted(what, driver.findElement(By.tagName("body")).getText()));
      }
      Thread.onSpinWait();
    }
  }

  /** Waits for an element. */
  WebElement find(String css) {
    return await(css, () -> all(css).stream().findFirst().orElse(null));
  }

  List<WebElement> all(String css) {
    return driver.findElements(By.cssSelector(css));
  }

  boolean has(String css) {
    return !all(css).isEmpty();
  }

  String title() {
    return find("h1").getText();
  }

  /** Presses the button with a text. */
  void press(String text) {
    await(
            "button " + text,
            () ->
                all("button, a.button").stream()
                    .filter(b -> b.getText().equals(text))
                    .findFirst()
                    .orElse(null))
        .click();
  }

  Object script(String script, Object... arguments) {
    return ((JavascriptExecutor) driver).executeScript(script, arguments);
  }

  /** The names of the pictures behind some images. */
  List<String> pictures(String css) {
    return all(css).stream()
        .map(image -> Objects.requireNonNull(image.getDomAttribute("src")))
        .map(src -> src.replaceAll("^images/|\\.png$", ""))
        .toList();
  }

  /** What axe-core finds on the page: WCAG 2.1, levels A and AA. */
  String violations() throws IOException {
    if (!Boolean.TRUE.equals(script("return !!window.axe"))) {
      try (InputStream axe =
          Objects.requireNonNull(
              Browser.class.getResourceAsStream(
                  "/META-INF/resources/webjars/axe-core/4.6.3/axe.min.js"))) {
        script(new String(axe.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return String.valueOf(
        driver.executeAsyncScript(
            "const done = arguments[0];"
                + "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
                + ".then(r => done(r.violations.map(v => v.id + ' ' + v.nodes.map(n => n.html)).join('\\n')));"));
  }

  void screenshot(String name) throws IOException {
    Path folder = Files.createDirectories(Path.of("target/human-study"));
    Files.write(folder.resolve(name + ".png"), driver.getScreenshotAs(OutputType.BYTES));
  }

  /** The only file that was downloaded, when it is whole. */
  Path download() {
    return await(
        "a download",
        () -> {
          try (Stream<Path> files = Files.list(downloads)) {
            return files.filter(file -> file.toString().endsWith(".json")).findFirst().orElse(null);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  @Override
  public void close() {
    driver.quit();
  }
}
