// java -cp '<jars>/*' Validate.java <profile>:<file> …: veraPDF's verdict on each, one line of tab-separated fields for each failed
// rule (its number among the arguments, clause, test number, times, description, place), and "done" with the number at the end of a file.
import java.io.File;
import java.util.Map;
import org.verapdf.pdfa.Foundries;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

public class Validate {
  public static void main(String[] arguments) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    for (int number = 0; number < arguments.length; number++) {
      var flavour = PDFAFlavour.fromString(arguments[number].substring(0, arguments[number].indexOf(':')));
      var file = new File(arguments[number].substring(arguments[number].indexOf(':') + 1));
      try (var parser = Foundries.defaultInstance().createParser(file, flavour);
          // One example of each failed rule is kept.
          var validator = Foundries.defaultInstance().createValidator(flavour, 1, false, false, false)) {
        var result = validator.validate(parser);
        for (TestAssertion failed : result.getTestAssertions()) {
          var rule = failed.getRuleId();
          System.out.println(String.join("\t", "failed", "" + number, rule.getClause(), "" + rule.getTestNumber(),
              "" + result.getFailedChecks().get(rule), ("" + failed.getMessage()).replaceAll("\\s+", " "), "" + failed.getLocation().getContext()));
        }
        if (!result.isCompliant() && result.getTestAssertions().isEmpty()) System.out.println("failed\t" + number);
      }
      System.out.println("done\t" + number);
    }
  }
}
