package doctor

// File tells what is wrong in the configuration, line by line.
func File(path string, problems []string) (found []Finding) {
	for _, p := range problems {
		found = append(found, wrong("Mend that line: a node does not start with it.", "%s", p))
	}
	if len(found) == 0 {
		found = []Finding{well("%s says nothing wrong", path)}
	}
	return found
}

// Missing is of something without which people cannot do all that they come for.
func Missing(area, text string) []Finding {
	return []Finding{warning("Add ["+area+"] to the configuration (docs/operate/configuration.md).", "%s", text)}
}

// Authority is of a file of authorities that cannot be used.
func Authority(err error) []Finding {
	return []Finding{wrong("Look at authority: a file of certificates, PEM.", "who vouches for the other side is not known: %s", brief(err))}
}
