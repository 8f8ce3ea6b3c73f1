"""HTTP in and out: tariff documents, and what prices, charges, agreements and waivers look like."""
