//! One name for each vendor, however gateways abbreviate it, so that a vendor is one row of every report.

/// (what gateways call it in lower case with `_`, its name). Sources: the provider lists of `LiteLLM`, Helicone and
/// OpenRouter.
const NAMES: [(&str, &str); 41] = [
    ("ai21", "AI21 Labs"),
    ("amazon", "AWS"),
    ("amazon_bedrock", "AWS"),
    ("anthropic", "Anthropic"),
    ("aws", "AWS"),
    ("azure", "Microsoft"),
    ("azure_ai", "Microsoft"),
    ("azure_text", "Microsoft"),
    ("bedrock", "AWS"),
    ("bedrock_converse", "AWS"),
    ("cohere", "Cohere"),
    ("cohere_chat", "Cohere"),
    ("databricks", "Databricks"),
    ("deepinfra", "DeepInfra"),
    ("deepseek", "DeepSeek"),
    ("fireworks", "Fireworks AI"),
    ("fireworks_ai", "Fireworks AI"),
    ("gemini", "Google"),
    ("github_copilot", "GitHub"),
    ("google", "Google"),
    ("groq", "Groq"),
    ("meta_llama", "Meta"),
    ("mistral", "Mistral AI"),
    ("mistralai", "Mistral AI"),
    ("moonshotai", "Moonshot AI"),
    ("nvidia", "NVIDIA"),
    ("openai", "OpenAI"),
    ("openrouter", "OpenRouter"),
    ("perplexity", "Perplexity"),
    ("qwen", "Qwen"),
    ("sagemaker", "AWS"),
    ("text_completion_openai", "OpenAI"),
    ("together", "Together AI"),
    ("together_ai", "Together AI"),
    ("togetherai", "Together AI"),
    ("vertex", "Google Cloud"),
    ("vertex_ai", "Google Cloud"),
    ("x", "xAI"),
    ("x_ai", "xAI"),
    ("xai", "xAI"),
    ("z_ai", "Z.ai"),
];

/// The name of the vendor that a gateway calls `word`; `word` itself when nobody here knows it.
pub fn vendor_name(word: &str) -> &str {
    let plain = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    // LiteLLM appends the family of models: `vertex_ai-anthropic_models`.
    let plain = if plain.starts_with("vertex_ai") { "vertex_ai" } else { &plain };
    NAMES.binary_search_by_key(&plain, |(word, _)| word).map_or(word, |index| NAMES[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_gateways_are_one_vendor() {
        assert!(NAMES.is_sorted_by_key(|(word, _)| *word));
        for (word, name) in [
            ("OPENAI", "OpenAI"),
            ("vertex_ai-anthropic_models", "Google Cloud"),
            ("x-ai", "xAI"),
            ("Together AI", "Together AI"),
            ("our-own-proxy", "our-own-proxy"),
        ] {
            assert_eq!(vendor_name(word), name);
        }
    }
}
