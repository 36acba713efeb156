import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** One call with Java's HttpClient: Client CALL REST_URL. It ends with 0 when the API took the call. */
public class Client {
  public static void main(String[] arguments) throws Exception {
    boolean balance = arguments[0].equals("balance");
    String pair = "api_key=a1b2c3d4&api_secret=placeholder-Gg6Hh7Ii8";
    HttpClient client = HttpClient.newBuilder().proxy(ProxySelector.getDefault()).build();
    HttpRequest request =
        balance
            ? HttpRequest.newBuilder(URI.create(arguments[1] + "/account/get-balance?" + pair)).build()
            : HttpRequest.newBuilder(URI.create(arguments[1] + "/sms/json"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        pair + "&from=Sidekey&to=447700900000&text=hello"))
                .build();
    String body = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    if (!body.contains(balance ? "\"value\"" : "\"status\":\"0\"")) {
      throw new IllegalStateException("the API refused the call");
    }
  }
}
