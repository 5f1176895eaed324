import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Prints each clause of PDF/UA-1 that the files named break, and ends with 1 if there is any. */
public class Check {
    public static void main(String[] paths) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        var foundry = Foundries.defaultInstance();
        boolean failed = false;
        for (String path : paths) {
            try (var parser = foundry.createParser(new FileInputStream(path), PDFAFlavour.PDFUA_1)) {
                var result = foundry.createValidator(PDFAFlavour.PDFUA_1, false).validate(parser);
                for (TestAssertion each : result.getTestAssertions()) {
                    System.out.printf("%s: %s %s at %s%n", path, each.getRuleId().getClause(), each.getMessage(), each.getLocation().getContext());
                }
                failed |= !result.isCompliant();
            }
        }
        System.exit(failed ? 1 : 0);
    }
}
